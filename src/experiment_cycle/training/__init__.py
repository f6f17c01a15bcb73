"""Fitting one model, and what is recorded of it."""
