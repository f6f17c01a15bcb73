"""Cross-validation of two procedures: each is tuned and trained anew inside every fold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.predictions import MODELS, output_columns
from experiment_cycle.evaluation.procedures import Procedure
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.options import fingerprint
from experiment_cycle.problem import Problem, Task
from experiment_cycle.replacing import replacing
from experiment_cycle.splitting.folds import folds_of, nested_fold_rows, repeats_of
from experiment_cycle.training.logical_run import LogicalRun
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.progress import progress_bar
from experiment_cycle.tuning.options import TuningOptions

LIBRARIES = ("lightgbm", "scikit-learn", "pandas", "numpy")
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What is cross-validated.

    Attributes:
        rows: All rows outside test, indexed by `__row__`.
        folds: The fold of every row of the dataset, as `draw_folds` returns them.
        columns: The roles of the columns.
        training: How models are trained; one seed counts.
        tuning: How hyperparameters are searched for.
        task: As declared.
        seed: From which every random choice flows.
        folder: Where finished folds and studies are kept, so that a stopped run goes on.
    """

    rows: pd.DataFrame
    folds: pd.DataFrame
    columns: Columns
    training: TrainingOptions
    tuning: TuningOptions
    task: Task
    seed: int
    folder: Path

    def procedures(self, incumbent: IncumbentRecord) -> dict[str, Procedure]:
        """Tell how both sides make their models.

        A champion is tuned anew with the same budget: its hyperparameters were chosen on rows that
        are tested now. The baseline is used as it is configured.
        """
        searched = self.tuning.method != "none"
        chosen = self.training.estimator
        return {
            "challenger": Procedure(chosen, self.training.hyperparameters(chosen), searched),
            "incumbent": Procedure(
                incumbent.estimator,
                incumbent.hyperparameters,
                searched and incumbent.kind == "champion",
            ),
        }

    def run(self, incumbent: IncumbentRecord) -> pd.DataFrame:
        """Predict every fold by models of the other folds.

        Inside a fold another one validates: it stops the learning, and chooses hyperparameters and
        threshold. A fold that is finished is kept, and not done again. Costs a search and a
        training of each side for every fold of every repeat.

        Args:
            incumbent: What the challenger's procedure is compared with.

        Returns:
            One row for each tested row of each repeat, indexed by `__row__`: `repeat`, `fold`,
            `train_rows` (rows a model learned from), `unit`, `query` (ranking), `target`, the
            columns of both models (see `output_columns`), and for two classes
            `challenger_threshold` and `incumbent_threshold`. Empty where there are no folds.

        Raises:
            DataError: the rows that train in a fold lack a class.
        """
        if not repeats_of(self.folds):
            return pd.DataFrame()
        procedures = self.procedures(incumbent)
        keep = self.folder / self._key(procedures)
        keep.mkdir(parents=True, exist_ok=True)
        places = list(self._places())
        tables = []
        with progress_bar("cross-validation, fold", len(places)) as advance:
            for repeat, fold, masks in places:
                file = keep / f"repeat_{repeat}_fold_{fold}.parquet"
                if not file.exists():
                    table = self._fold(repeat, fold, masks, procedures)
                    with replacing(file) as unfinished:
                        table.to_parquet(unfinished)
                tables.append(pd.read_parquet(file))
                advance(None, None)
        return pd.concat(tables)

    def _places(self) -> Iterator[tuple[int, int, tuple[Mask, Mask, Mask]]]:
        count = folds_of(self.folds)
        for repeat in range(1, repeats_of(self.folds) + 1):
            for fold in range(1, count + 1):
                masks = nested_fold_rows(self.folds, repeat, fold, count)
                if masks is None:
                    continue
                within = [mask[self.rows.index.to_numpy()] for mask in masks]
                yield repeat, fold, (within[0], within[1], within[2])

    def _fold(
        self,
        repeat: int,
        fold: int,
        masks: tuple[Mask, Mask, Mask],
        procedures: Mapping[str, Procedure],
    ) -> pd.DataFrame:
        train, validation, test = (self.rows[mask] for mask in masks)
        problem = Problem.of(self.task, self.rows[self.columns.target], self.columns)
        table: dict[str, Any] = {"repeat": repeat, "fold": fold, "train_rows": len(train)}
        table["unit"] = self.columns.groups(self.rows)[masks[2]]
        if problem.type == "ranking":
            table["query"] = pd.factorize(self.rows[self.columns.query])[0][masks[2]]
        table["target"] = problem.encode(test[self.columns.target], "a fold")
        features = test[self.columns.features(test.columns)]
        for side in MODELS:
            made = self._make(procedures[side], train, validation)
            if made.problem != problem:
                raise DataError(
                    f"The rows that train in fold {fold} of repeat {repeat} lack a class of the "
                    f"target '{self.columns.target}'. Next step: choose a stratified "
                    "splitting.strategy, or fewer folds."
                )
            outputs = predict_outputs(made.models[0], features, problem)
            separate = outputs.reshape(len(outputs), -1).T
            table |= dict(zip(output_columns(side, problem), separate, strict=True))
            if made.threshold is not None:
                table[f"{side}_threshold"] = made.threshold.value
        return pd.DataFrame(table, index=test.index)

    def _make(
        self, procedure: Procedure, train: pd.DataFrame, validation: pd.DataFrame
    ) -> LogicalRun:
        return procedure.make(
            *(train, validation, self.columns, self.training, self.tuning),
            *(self.task, self.seed, self.folder / "studies"),
        )

    def _key(self, procedures: Mapping[str, Procedure]) -> str:
        """Hash all that the predictions of a fold depend on."""
        digest = hashlib.sha256()
        for table in (self.rows, self.folds):
            digest.update(",".join(map(str, table.columns)).encode())
            digest.update(pd.util.hash_pandas_object(table).to_numpy().tobytes())
        return fingerprint(
            {
                "data": digest.hexdigest(),
                "procedures": {
                    name: [each.estimator, each.hyperparameters, each.tuned]
                    for name, each in procedures.items()
                },
                "columns": self.columns.model_dump(mode="json"),
                "training": self.training.model_dump(mode="json"),
                "tuning": self.tuning.model_dump(mode="json"),
                "task": self.task,
                "seed": self.seed,
                "libraries": {name: version(name) for name in LIBRARIES},
            }
        )


def out_of_fold(fold_predictions: pd.DataFrame) -> pd.DataFrame:
    """Take the first repeat as predictions of every row by a model that has not seen it.

    Returns:
        A table as `Predictions` describes it, sorted by row.
    """
    first = fold_predictions[fold_predictions["repeat"] == 1].sort_index()
    others = ["repeat", "fold", "train_rows", *(f"{model}_threshold" for model in MODELS)]
    return first.drop(columns=[name for name in others if name in first.columns])
