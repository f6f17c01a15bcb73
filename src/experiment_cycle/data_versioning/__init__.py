"""Which data: content hash, profile, versions."""
