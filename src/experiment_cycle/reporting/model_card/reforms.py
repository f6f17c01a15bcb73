"""REFORMS: 32 items in eight modules, those filled that the record can fill.

Kapoor et al., REFORMS: Consensus-based Recommendations for Machine-learning-based Science, Science
Advances 10 (18), 2024. Numbers are those of its table 1; the wording is shortened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.model_card.answers import Answer, answer
from experiment_cycle.reporting.model_card.reforms_evidence import (
    EVIDENCE,
    LEAKAGE,
    some_values_lack,
)
from experiment_cycle.reporting.model_card.texts import ModelCardTexts

MODULES = (
    "Study goals",
    "Computational reproducibility",
    "Data quality",
    "Data preprocessing",
    "Modeling",
    "Data leakage",
    "Metrics and uncertainty",
    "Generalizability and limitations",
)


@dataclass(frozen=True)
class Item:
    """One item; `key` is the text that a person has to write for it."""

    number: str
    wording: str
    key: str | None = None


ITEMS = (
    Item("1a", "Population or distribution of the claim", "population"),
    Item("1b", "Motivation for choosing it", "population_motivation"),
    Item("1c", "Motivation for machine learning", "ml_motivation"),
    Item("2a", "Dataset, with link or DOI", "dataset_link"),
    Item("2b", "Code, with link or DOI of its version", "code_link"),
    Item("2c", "Computing infrastructure"),
    Item("2d", "Instructions for generating the results"),
    Item("2e", "Reproduction script"),
    Item("3a", "Sources of the data, when and how collected and annotated", "data_sources"),
    Item("3b", "Sampling frame", "sampling_frame"),
    Item("3c", "Why the dataset is useful for the task", "data_suitability"),
    Item("3d", "Outcome variable, with descriptive statistics"),
    Item("3e", "Sample size, and number of samples in each class"),
    Item("3f", "Share of missing data, split by class", "missing_data"),
    Item("3g", "Why the evaluation data represent the population", "representativeness"),
    Item("4a", "Excluded data, with the reason"),
    Item("4b", "How impossible or corrupt samples are dealt with", "impossible_values"),
    Item("4c", "Transformations from the raw data to the model's input"),
    Item("5a", "All models trained"),
    Item("5b", "Why these types of models", "model_motivation"),
    Item("5c", "Method of evaluation"),
    Item("5d", "Method of choosing the model"),
    Item("5e", "Hyperparameters, and how they were chosen"),
    Item("5f", "Why the baselines are appropriate", "baseline_motivation"),
    Item("6a", "Train and test data kept apart"),
    Item("6b", "Dependencies or duplicates between train and test data"),
    Item("6c", "Each feature is legitimate", "legitimate_features"),
    Item("7a", "Metrics of the model's performance"),
    Item("7b", "Uncertainty of the metrics"),
    Item("7c", "Statistical tests, with the reason"),
    Item("8a", "Evidence of external validity", "external_validity"),
    Item("8b", "Where the findings are not expected to hold", "limits"),
)


def reforms_answers(
    report: Report, texts: ModelCardTexts, leakage: Sequence[Answer]
) -> list[Answer]:
    """Answer each item from the record, from the texts, or leave it open.

    Args:
        report: The evidence.
        texts: What a person wrote.
        leakage: The answers to the eight questions, on which some items rest.
    """
    return [_answer(item, report, texts, leakage) for item in ITEMS]


def module(number: str) -> str:
    """Name the module that an item belongs to, such as ``3d``."""
    return MODULES[int(number[0]) - 1]


def _answer(item: Item, report: Report, texts: ModelCardTexts, leakage: Sequence[Answer]) -> Answer:
    evidence = EVIDENCE.get(item.number)
    asked = [each for each in leakage if each.number in LEAKAGE.get(item.number, ())]
    recorded = "" if evidence is None else evidence(report, asked)
    key = item.key
    if key == "missing_data" and not some_values_lack(report):
        key = None
    found = answer(item.number, item.wording, recorded, key, texts)
    if any(each.status == "open" for each in asked):
        return replace(found, status="open")
    return found
