"""What tracking needs to know besides the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiment_cycle.tracking.options import TrackingOptions
from experiment_cycle.tracking.secrets import Secrets


@dataclass(frozen=True)
class TrackingSettings:
    """Trackers, what they need to be spoken to, and what none of them may see.

    Attributes:
        options: `tracking.yml`.
        credentials: The trackers' blocks of `credentials.yml`.
        secrets: All credentials, also those of others, and the environment's.
    """

    options: TrackingOptions = field(default_factory=TrackingOptions)
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: Secrets = field(default_factory=lambda: Secrets(()), repr=False)

    @classmethod
    def of(
        cls,
        options: TrackingOptions,
        credentials: Mapping[str, Any],
        parameters: Mapping[str, Any],
    ) -> TrackingSettings:
        """Take all of `credentials.yml`, and the parameters, which may hold secrets too."""
        secrets = Secrets.of(credentials, parameters)
        return cls(options, dict(credentials.get("tracking") or {}), secrets)
