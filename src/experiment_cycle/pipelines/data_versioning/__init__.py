"""Which data: snapshot, content hash, profile, version."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
