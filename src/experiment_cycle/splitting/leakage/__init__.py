"""The leakage audit, one check a file."""
