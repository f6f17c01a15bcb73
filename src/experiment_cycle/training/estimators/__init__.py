"""The estimators by name: one recipe a file, see `contract`."""
