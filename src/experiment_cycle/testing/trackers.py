"""What every tracker must do, as tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from experiment_cycle.tracking.contract import RunDescription, Tracker
from experiment_cycle.tracking.entries import MetricPoint, Status
from experiment_cycle.tracking.translation import LONGEST

RUN = RunDescription(
    run_id="0123456789abcdef0123456789abcdef",
    experiment="visits",
    name="H001 lightgbm",
    description="Über-Boosting is better than “logistic” regression.",
)
PARAMETERS = {"seed": "1", "columns.drop": '["a"]', "name": "Ä ü ß 漢"}
POINTS = (
    MetricPoint(name="train.loss.by_step", value=0.5, step=1, milliseconds=1_700_000_000_000),
    MetricPoint(name="train.loss.by_step", value=0.25, step=2, milliseconds=1_700_000_000_500),
    MetricPoint(name="challenger.roc_auc", value=0.7, milliseconds=1_700_000_001_000),
    MetricPoint(name="loss of class _50K", value=-1e-300, milliseconds=1_700_000_001_000),
)
MANY = 2500


@dataclass
class Kept:
    """What a tracker gives back, in the words of the contract.

    Attributes:
        parameters: By name.
        metrics: Steps and values of each name, in the order of the steps.
        tags: By name.
        artifacts: Bytes of each file, by its path in the record.
        status: How the run ended; None where the tracker calls it open.
        name: What the run is called.
        description: What it is about.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    status: Status | None = None
    name: str = ""
    description: str = ""


MakeTracker = Callable[[], Tracker]
ReadBack = Callable[[], Kept]


class TrackerContract:
    """Subclass it, and override `make_tracker` and `read_back`.

    A tracker that takes shorter texts than MLflow says so in `LONGEST`.
    """

    LONGEST = LONGEST

    @pytest.fixture
    def make_tracker(self, tmp_path: Path) -> MakeTracker:
        """Make trackers of one and the same run and folder, as one process after the other."""
        raise NotImplementedError

    @pytest.fixture
    def read_back(self, tmp_path: Path) -> ReadBack:
        """Read the run `RUN` back from where the trackers keep it."""
        raise NotImplementedError

    @pytest.fixture
    def files(self, tmp_path: Path) -> Path:
        """A folder with a file, and a folder of files."""
        folder = tmp_path / "files"
        (folder / "tables" / "deep").mkdir(parents=True)
        (folder / "loss.json").write_text('{"a": "ü"}', encoding="utf-8")
        (folder / "tables" / "one.csv").write_text("a,b\n1,2\n")
        (folder / "tables" / "deep" / "two.bin").write_bytes(bytes(range(256)))
        return folder

    def test_what_is_given_is_given_back(
        self, make_tracker: MakeTracker, read_back: ReadBack, files: Path
    ) -> None:
        """Parameters, points with their steps, tags, artifacts, the name and the status."""
        tracker = make_tracker()
        assert tracker.open(RUN, resumed=False)
        parameters = PARAMETERS | {"long": "x" * self.LONGEST}
        tracker.log_parameters(parameters)
        tracker.log_metrics(POINTS)
        tracker.log_tags({"decision.decision": "iterate", "text": "Ä, ü"})
        tracker.log_artifact(files / "loss.json", "training/loss.json")
        tracker.close("finished")
        kept = read_back()
        assert kept.parameters == parameters
        assert kept.metrics == by_name(POINTS)
        assert kept.tags == {"decision.decision": "iterate", "text": "Ä, ü"}
        assert kept.artifacts == {"training/loss.json": (files / "loss.json").read_bytes()}
        assert (kept.status, kept.name, kept.description) == (
            "finished",
            RUN.name,
            RUN.description,
        )

    @pytest.mark.parametrize("status", ["failed", "killed"])
    def test_a_run_that_did_not_finish_does_not_look_finished(
        self, make_tracker: MakeTracker, read_back: ReadBack, status: Status
    ) -> None:
        """A failure and a kill are told apart from an end."""
        tracker = make_tracker()
        tracker.open(RUN, resumed=False)
        tracker.log_tags({"a": "b"})
        tracker.close(status)
        assert read_back().status == status

    def test_a_record_is_gone_on_with(
        self, make_tracker: MakeTracker, read_back: ReadBack, files: Path
    ) -> None:
        """What a later process records is added to the same run."""
        first = make_tracker()
        first.open(RUN, resumed=False)
        first.log_parameters({"seed": "1"})
        first.log_metrics(POINTS[:1])
        first.log_artifact(files / "loss.json", "loss.json")
        first.close("failed")
        second = make_tracker()
        second.open(RUN, resumed=True)
        second.log_parameters({"later": "2"})
        second.log_metrics(POINTS[1:])
        second.log_tags({"later": "yes"})
        second.close("finished")
        kept = read_back()
        assert kept.parameters == {"seed": "1", "later": "2"}
        assert kept.metrics == by_name(POINTS)
        assert kept.tags == {"later": "yes"}
        assert set(kept.artifacts) == {"loss.json"}
        assert kept.status == "finished"

    def test_what_comes_twice_is_kept_once(
        self, make_tracker: MakeTracker, read_back: ReadBack, files: Path
    ) -> None:
        """After a crash, the last calls before it come again."""
        for resumed in (False, True):
            tracker = make_tracker()
            tracker.open(RUN, resumed=resumed)
            tracker.log_parameters({"seed": "1"})
            tracker.log_metrics(POINTS)
            tracker.log_tags({"a": "b"})
            tracker.log_artifact(files / "loss.json", "loss.json")
            tracker.close("finished")
        kept = read_back()
        assert kept.parameters == {"seed": "1"}
        assert kept.metrics == by_name(POINTS)
        assert kept.tags == {"a": "b"}
        assert set(kept.artifacts) == {"loss.json"}

    def test_a_later_value_of_a_tag_takes_the_place_of_the_earlier(
        self, make_tracker: MakeTracker, read_back: ReadBack
    ) -> None:
        """Tags can be changed, unlike parameters."""
        tracker = make_tracker()
        tracker.open(RUN, resumed=False)
        tracker.log_tags({"a": "1", "b": "2"})
        tracker.log_tags({"a": "3"})
        tracker.close("finished")
        assert read_back().tags == {"a": "3", "b": "2"}

    def test_a_folder_is_kept_with_all_its_files(
        self, make_tracker: MakeTracker, read_back: ReadBack, files: Path
    ) -> None:
        """Folders keep their inner paths."""
        tracker = make_tracker()
        tracker.open(RUN, resumed=False)
        tracker.log_artifact(files / "tables", "errors/tables")
        tracker.close("finished")
        assert read_back().artifacts == {
            "errors/tables/one.csv": b"a,b\n1,2\n",
            "errors/tables/deep/two.bin": bytes(range(256)),
        }

    def test_many_points_and_parameters_are_all_kept(
        self, make_tracker: MakeTracker, read_back: ReadBack
    ) -> None:
        """More than one batch of anything."""
        tracker = make_tracker()
        tracker.open(RUN, resumed=False)
        parameters = {f"block.p{number}": str(number) for number in range(250)}
        tracker.log_parameters(parameters)
        points = [
            MetricPoint(name="loss", value=1.0 / step, step=step, milliseconds=1_700_000_000_000)
            for step in range(1, MANY + 1)
        ]
        tracker.log_metrics(points)
        tracker.close("finished")
        kept = read_back()
        assert kept.parameters == parameters
        assert kept.metrics == by_name(points)


def by_name(points: Sequence[MetricPoint]) -> dict[str, list[tuple[int, float]]]:
    """Sort points as `Kept` has them."""
    found: dict[str, list[tuple[int, float]]] = {}
    for point in points:
        found.setdefault(point.name, []).append((point.step, point.value))
    return {name: sorted(steps) for name, steps in found.items()}
