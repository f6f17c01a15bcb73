"""What was done once is done again, from what was recorded of it, and compared."""
