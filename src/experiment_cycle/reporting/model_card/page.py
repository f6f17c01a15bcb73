"""The card's part of the report's page: what is open, and the eight questions in short."""

from __future__ import annotations

from typing import Any

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.model_card.answers import WORDS
from experiment_cycle.reporting.model_card.card import counted, open_items
from experiment_cycle.reporting.model_card.leakage import KINDS, leakage_answers
from experiment_cycle.reporting.model_card.reforms import reforms_answers
from experiment_cycle.reporting.options import ReportingOptions


def card_content(report: Report, options: ReportingOptions) -> dict[str, Any]:
    """Write what the page says of the card, by the name that the template uses."""
    texts = options.model_card
    leakage = leakage_answers(report, texts)
    reforms = reforms_answers(report, texts, leakage)
    return {
        "card_open": open_items(leakage, reforms, texts).sentence,
        "card_reforms": counted(reforms),
        "card_questions": [
            (kind.number, WORDS[each.status], kind.name)
            for kind, each in zip(KINDS, leakage, strict=True)
        ],
    }
