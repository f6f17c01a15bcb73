"""What changed from one dataset version to another: rows, columns, distributions."""
