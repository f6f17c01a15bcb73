"""An answer of the card to one question, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experiment_cycle.reporting.model_card.texts import ModelCardTexts
from experiment_cycle.reporting.terms import SIGNS

Status = Literal["recorded", "written", "none_found", "warned", "waived", "found", "open"]

WORDS: dict[Status, str] = {
    "recorded": f"{SIGNS['passed'].icon} from the record",
    "written": f"{SIGNS['passed'].icon} written by a person",
    "none_found": f"{SIGNS['passed'].icon} no leakage found",
    "warned": f"{SIGNS['warning'].icon} warned of",
    "waived": f"{SIGNS['waived'].icon} waived by a person",
    "found": f"{SIGNS['failed'].icon} leakage found",
    "open": f"{SIGNS['not_run'].icon} open",
}


@dataclass(frozen=True)
class Answer:
    """A question with its number in the source, and what is known.

    Attributes:
        number: Such as ``L1.2`` or ``3d``.
        question: In short.
        status: Whether it is answered, and by whom.
        recorded: What the record tells; it may tell something where a person has to add the rest.
        key: Which text a person has to write for it; None where the record is enough.
        text: That text, where it is written.
        checks: The codes of the checks that it rests on.
    """

    number: str
    question: str
    status: Status
    recorded: str = ""
    key: str | None = None
    text: str | None = None
    checks: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """All that is known, and which text is missing."""
        lacking = f"To be written: {self.key}." if self.key and self.text is None else ""
        return " ".join(filter(None, (self.recorded, self.text, lacking)))


def answer(
    number: str, question: str, recorded: str, key: str | None, texts: ModelCardTexts
) -> Answer:
    """Answer from the record where no text is needed or that text is written."""
    text = None if key is None else texts.text(key)
    if key is None:
        status: Status = "recorded" if recorded else "open"
    else:
        status = "open" if text is None else "written"
    return Answer(number, question, status, recorded, key, text)
