"""The record of a cycle in MLflow."""
