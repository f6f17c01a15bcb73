"""Comparison, gates, the decision rule, promotion."""
