"""Experiment Cycle: from a hypothesis in YAML to a decision that can be defended."""

__version__ = "0.1.0"
