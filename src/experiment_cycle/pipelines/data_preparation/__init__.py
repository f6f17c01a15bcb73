"""Your own: join and prepare raw tables into `raw_data`."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
