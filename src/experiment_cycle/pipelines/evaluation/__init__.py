"""How good, with what uncertainty, and where it fails."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
