"""Predictions of new rows by a registered model."""
