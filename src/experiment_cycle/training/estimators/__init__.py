"""The estimators by name, each with its preprocessing."""
