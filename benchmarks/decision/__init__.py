"""How often the decision is right: simulated comparisons through `compare` and `decide`."""
