"""Versions of the dataset in a Delta table."""
