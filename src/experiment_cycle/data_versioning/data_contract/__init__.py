"""What the raw data must fulfil, in a file that a person can read and edit."""

from experiment_cycle.data_versioning.data_contract.validator import DataContract

__all__ = ["DataContract"]
