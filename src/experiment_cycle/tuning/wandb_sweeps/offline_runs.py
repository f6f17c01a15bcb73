"""One offline run of W&B's for each trial, which can be uploaded later."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from experiment_cycle.errors import BackendError
from experiment_cycle.tuning.contract import Study, Trial
from experiment_cycle.tuning.options import WandbOptions
from experiment_cycle.wandb_sdk import quiet_settings, wandb

FOLDER = "wandb"
"""Where `wandb sync` and `wandb leet` look for runs."""


class OfflineRuns:
    """Writes the trials of a study as offline runs of W&B's, each once.

    A run is written elsewhere and then moved to its place, so that it is there whole or not at
    all. Nothing of it touches the network.
    """

    def __init__(self, folder: Path, study: Study, options: WandbOptions) -> None:
        """Prepare to write.

        Args:
            folder: Of the study; the runs are put into its folder `wandb`.
            study: What is searched.
            options: To which project of whose the runs belong, once they are uploaded.
        """
        self._folder = folder / FOLDER
        self._study = study
        self._options = options

    def write(self, trials: Iterable[Trial]) -> None:
        """Write those trials that have no run yet.

        Raises:
            BackendError: they cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder.parent / f".{FOLDER}.lock"):
                there = {path.name.rpartition("-")[2] for path in self._folder.iterdir()}
                for trial in trials:
                    if str(trial.number) not in there:
                        self._write(trial)
        except (OSError, wandb.Error) as error:
            raise BackendError(
                f"The offline runs of W&B's in {self._folder} cannot be written: {error}. Next "
                "step: see that the disk is not full and that the folder is yours to write, then "
                "run again; finished trials are kept, and their runs are written then."
            ) from error

    def _write(self, trial: Trial) -> None:
        study = self._study
        with TemporaryDirectory(dir=self._folder.parent, prefix=".run-") as unfinished:
            run = wandb.init(
                mode="offline",
                dir=unfinished,
                entity=self._options.entity,
                project=self._options.project,
                group=study.key[:12],
                job_type="trial",
                # the last part tells trials apart, see `write`
                id=f"{study.key[:12]}-{trial.number}",
                name=f"trial {trial.number}",
                config=trial.parameters,
                tags=[trial.state],
                # a run that something else has open is none of our business
                reinit="create_new",
                settings=quiet_settings(),
            )
            for step, value in enumerate(trial.curve, start=1):
                # committed, or it would be written after the summary, and over its value
                run.log({study.metric: value}, step=step, commit=True)
            run.summary.update(_summary(trial, study.metric))
            run.finish(exit_code=1 if trial.state == "failed" else 0)
            (written,) = Path(unfinished, FOLDER).glob("offline-run-*")
            shutil.move(written, self._folder)


def _summary(trial: Trial, metric: str) -> dict[str, object]:
    told = {
        metric: trial.value,
        "trial": trial.number,
        "state": trial.state,
        "reason": trial.reason,
        "duration_seconds": trial.duration_seconds,
    }
    return {name: value for name, value in told.items() if value is not None}
