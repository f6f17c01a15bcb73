"""Nodes of the pipeline data_preparation: yours to write.

Functions that take tables and return tables. The first sentence of a docstring is shown in the
report as the reason why rows were lost in that step.
"""
