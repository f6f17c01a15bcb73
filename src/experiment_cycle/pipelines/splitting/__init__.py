"""Which rows: train, validation, test, and the audit for leakage."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
