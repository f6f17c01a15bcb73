"""The stages of the cycle, one package each."""
