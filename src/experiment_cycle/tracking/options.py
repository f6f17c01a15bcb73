"""The options of `tracking.yml`: where runs are recorded besides MLflow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from experiment_cycle.options import Options

Mode = Literal["auto", "online", "offline"]
RECORD = "mlflow"
"""The tracker that is always there: registry, ledger and gates rest on it."""


class LocalOptions(Options):
    """Plain files in a folder of the project, one folder a run."""

    folder: str = "data/08_reporting/tracked"


class WandbOptions(Options):
    """Weights & Biases; `auto` is online where a key is set, else offline."""

    mode: Mode = "auto"
    project: str | None = None
    entity: str | None = None


class NeptuneOptions(Options):
    """Neptune's client; its service ended in March 2026, so that it writes to files only."""

    project: str | None = None


class CometOptions(Options):
    """Comet; `auto` is online where a key is set, else offline."""

    mode: Mode = "auto"
    project: str | None = None
    workspace: str | None = None


class TrackingOptions(Options):
    """Who keeps records of a run.

    Attributes:
        trackers: Names; `mlflow` must be among them.
        patience_seconds: How long the end of a run waits for a tracker that has not taken all yet.
        system_metrics_seconds: Between two looks at CPU, memory, disk and GPU; None: no looks.
        settings: Of trackers that others have made, by name; each sees its own.
    """

    trackers: Annotated[tuple[str, ...], Field(min_length=1)] = (RECORD,)
    patience_seconds: Annotated[float, Field(ge=0.0, le=600.0)] = 20.0
    system_metrics_seconds: Annotated[float, Field(ge=0.5, le=3600.0)] | None = 5.0
    local: LocalOptions = LocalOptions()
    wandb: WandbOptions = WandbOptions()
    neptune: NeptuneOptions = NeptuneOptions()
    comet: CometOptions = CometOptions()
    settings: dict[str, dict[str, object]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_trackers(self) -> TrackingOptions:
        if RECORD not in self.trackers:
            raise ValueError(
                f"'{RECORD}' must be among the trackers: the champion, the ledger's copy and the "
                "gates rest on its record. Next step: add it; the others are written besides"
            )
        if len(set(self.trackers)) < len(self.trackers):
            raise ValueError("a tracker is named twice. Next step: name each once")
        return self

    @property
    def others(self) -> tuple[str, ...]:
        """Name the trackers besides MLflow."""
        return tuple(name for name in self.trackers if name != RECORD)

    def of(self, tracker: str) -> dict[str, object]:
        """Give a tracker's own block, validated where it is ours."""
        own = getattr(self, tracker, None)
        return own.model_dump() if isinstance(own, Options) else self.settings.get(tracker, {})
