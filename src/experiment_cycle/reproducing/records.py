"""What came of doing something again."""

from __future__ import annotations

from experiment_cycle.options import Record


class Retrained(Record):
    """The challenger, trained once more in a fresh process, beside the one that is decided on.

    Hashes are SHA-256 (hex): `identity` of the canonical fitted state (see `model_identity`),
    `predictions` of what it says of every validation row, bit for bit.
    """

    identity: str
    identity_again: str | None
    """None where the training did not end well, as `failed` says."""
    predictions: str
    predictions_again: str | None
    rows: int
    """Of validation."""
    differing: int | None
    """How many of them are predicted otherwise."""
    failed: str | None = None

    @property
    def same(self) -> bool:
        """Tell whether model and predictions are the same to the last bit."""
        return (self.identity, self.predictions) == (self.identity_again, self.predictions_again)
