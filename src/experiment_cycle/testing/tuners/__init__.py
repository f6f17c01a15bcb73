"""What every tuner must do, as tests."""

from experiment_cycle.testing.tuners.choosing import ChoosingContract
from experiment_cycle.testing.tuners.ending import EndingContract
from experiment_cycle.testing.tuners.keeping import KeepingContract

__all__ = ["TunerContract"]


class TunerContract(ChoosingContract, KeepingContract, EndingContract):
    """Subclass it, and name the backend; see `ContractOfTuners` for what else can be told."""
