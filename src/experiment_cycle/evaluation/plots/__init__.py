"""Figures of both models on the test rows, challenger and incumbent side by side."""
