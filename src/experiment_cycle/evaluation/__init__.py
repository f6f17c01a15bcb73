"""How good both models are, and where the challenger fails."""
