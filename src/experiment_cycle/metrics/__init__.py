"""Metrics, their uncertainty, their resampling."""
