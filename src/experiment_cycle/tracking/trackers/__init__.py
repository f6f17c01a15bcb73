"""One adapter a file: where records are kept."""
