"""Versions of the dataset as commits of a lakeFS branch."""
