"""What the tests of a tuner start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiment_cycle.backends import load_backend
from experiment_cycle.testing.objectives import squared
from experiment_cycle.testing.studies import METHODS
from experiment_cycle.tuning.contract import Method, Objective, Study, Trial, Tuner


class ContractOfTuners:
    """Knows the backend, and what it promises.

    A test that takes `method` is run for each of `methods`, one that takes `every_method` for all
    there are, one that takes `workers` for one worker and for `most_workers`.
    """

    backend: str
    """The name that it is registered under."""
    reproducible = True
    """Whether the same study gives the same trials when it stops some of them early."""
    methods: tuple[Method, ...] = METHODS
    """For tests of what has nothing to do with how trials are chosen: fewer where each costs."""
    most_workers = 4
    """At least two."""
    reference: str | None = None
    """Another backend, tested by itself, that is to give the same trials; None: only this one."""
    parts: tuple[int, ...] = (3, 9, 14)
    """After so many trials a search is begun anew; the last number is that of all trials."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run tests as often as the class says."""
        ways = {
            "method": self.methods,
            "every_method": METHODS,
            "same_method": METHODS if self.reproducible else METHODS[:-1],
            "workers": (1, self.most_workers),
        }
        for name, values in ways.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values)

    @pytest.fixture
    def tuner(self, tmp_path: Path) -> Tuner:
        """A tuner with an empty folder; a second one of the same folder is `again`."""
        return self.make(tmp_path / "studies")

    @pytest.fixture
    def again(self, tmp_path: Path) -> Tuner:
        """Another tuner with the same folder, as a later run makes it."""
        return self.make(tmp_path / "studies")

    @pytest.fixture
    def elsewhere(self, tmp_path: Path) -> Tuner:
        """A tuner with another empty folder."""
        return self.make(tmp_path / "elsewhere")

    def make(self, folder: Path) -> Tuner:
        """Make a tuner."""
        folder.mkdir(exist_ok=True)
        return _made(self.backend, folder)

    def whole(self, folder: Path, study: Study) -> tuple[Trial, ...]:
        """Run a study in one go, to compare with: by the reference, where there is one."""
        folder.mkdir()
        return run(_made(self.reference or self.backend, folder), study)


def run(tuner: Tuner, study: Study, objective: Objective = squared) -> tuple[Trial, ...]:
    """Run a study, and listen to nothing."""
    return tuner.run(study, objective, _ignored).trials


def _made(backend: str, folder: Path) -> Tuner:
    tuner: Tuner = load_backend("tuners", backend)(folder)
    return tuner


def _ignored(trial: Trial) -> Any:
    return None
