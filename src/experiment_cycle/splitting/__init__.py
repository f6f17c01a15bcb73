"""Which rows: strategies, manifest, leakage audit."""
