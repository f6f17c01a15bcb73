"""Parameters under which a rerun of the pipelines costs less, and learns the same."""

from __future__ import annotations

from typing import Any

from experiment_cycle.training.options import Checkpoints, TrainingOptions
from experiment_cycle.tuning.options import TuningOptions


def shortened(
    tuning: TuningOptions, training: TrainingOptions, trials: int | None
) -> dict[str, Any]:
    """Replace the parameters of tuning and training for a rerun.

    Left out of training is what repeats it, keeps its state, or tries its result: other seeds, the
    learning curve, checkpoints, the saved model in a fresh process. All of that reads what the
    first training reads.

    Args:
        tuning: As configured.
        training: As configured.
        trials: Of the search, at most; None: no search.
    """
    search: dict[str, Any] = {"method": "none"}
    if trials is not None:
        search = {"trials": min(trials, tuning.trials)}
    once = {
        "seeds": 1,
        "learning_curve": None,
        "check_saved_model": False,
        "checkpoints": Checkpoints(every=None),
    }
    return {
        "params:tuning": tuning.model_copy(update=search),
        "params:training": training.model_copy(update=once),
    }
