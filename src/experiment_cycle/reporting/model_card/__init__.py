"""The model card: what the record tells of the challenger, and what only a person can tell."""
