"""What the search costs, what early stopping saves, what workers gain, what is found in the end."""
