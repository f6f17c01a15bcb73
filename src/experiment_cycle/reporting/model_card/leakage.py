"""The eight kinds of leakage, asked one by one and answered from the audit.

Kapoor and Narayanan, Leakage and the reproducibility crisis in machine-learning-based science,
Patterns 4 (9), 2023: the taxonomy L1.1 to L3.3, whose names are used as they stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.model_card.answers import Answer, Status
from experiment_cycle.reporting.model_card.texts import ModelCardTexts
from experiment_cycle.reporting.numbers import number
from experiment_cycle.reporting.terms import SIGNS

CODE = re.compile(r"LEAK\d{3}")
AUDIT = "kedro cycle audit"
RAN = ("passed", "warning", "waived", "failed")


@dataclass(frozen=True)
class Kind:
    """One kind of leakage; `needed` are the checks without which it is not answered."""

    number: str
    name: str
    asked: str
    checks: tuple[str, ...]
    needed: tuple[str, ...] = ()
    key: str | None = None


KINDS = (
    Kind("L1.1", "No test set", "Were the numbers measured on rows kept apart?", ("LEAK016",)),
    Kind(
        "L1.2",
        "Pre-processing on training and test set",
        "Was anything fitted on test rows before the model was?",
        ("LEAK017", "LEAK018", "LEAK019"),
        ("LEAK017", "LEAK018"),
    ),
    Kind(
        "L1.3",
        "Feature selection on training and test set",
        "Did test rows help to choose features?",
        ("LEAK018", "LEAK019"),
        ("LEAK018",),
    ),
    Kind(
        "L1.4",
        "Duplicates in datasets",
        "Are the same rows on both sides?",
        ("LEAK002", "LEAK003"),
    ),
    Kind(
        "L2",
        "Model uses features that are not legitimate",
        "Is each feature known in time, and none a stand-in for the outcome?",
        ("LEAK004", "LEAK005", "LEAK006", "LEAK007", "LEAK008", "LEAK009"),
        key="legitimate_features",
    ),
    Kind(
        "L3.1",
        "Temporal leakage",
        "Do test rows come after the training rows, and features from before?",
        ("LEAK010", "LEAK011", "LEAK012"),
        key="time_order",
    ),
    Kind(
        "L3.2",
        "Nonindependence between training and test samples",
        "Do rows of one unit stand on both sides?",
        ("LEAK001", "LEAK013"),
    ),
    Kind(
        "L3.3",
        "Sampling bias in test distribution",
        "Are test rows drawn from the distribution that the claim is about?",
        ("LEAK014", "LEAK015"),
        key="representativeness",
    ),
)


def leakage_answers(report: Report, texts: ModelCardTexts) -> list[Answer]:
    """Answer the eight questions, from the leakage report and the gates of this cycle."""
    found = check_statuses(report)
    return [_answer(kind, report, texts, found) for kind in KINDS]


def check_statuses(report: Report) -> dict[str, str]:
    """Tell how each leakage check ended, by its code; those on request are read from the gate."""
    gate = next((gate for gate in report.gates if gate.code == "no_leakage"), None)
    on_request = {} if gate is None else audited(gate.evidence)
    return on_request | {item.code: item.status for item in report.leakage.findings}


def audited(evidence: str) -> dict[str, str]:
    """Read the gate's sentences: which checks ended how. What did not run is not in it."""
    found: dict[str, str] = {}
    for sentence in re.split(r"(?<=\.)\s+(?=LEAK\d{3})", evidence):
        codes = CODE.findall(sentence)
        head = re.match(r"(?:LEAK\d{3}(?:, )?)+", sentence)
        rest = sentence[head.end() :].strip() if head else ""
        if rest.startswith("found no leakage"):
            found |= dict.fromkeys(codes, "passed")
        elif rest.startswith("warned"):
            found |= dict.fromkeys(codes, "warning")
        elif rest.startswith("is waived"):
            found[codes[0]] = "waived"
        elif rest.startswith(":"):
            found[codes[0]] = "failed"
    return found


def time_is_open(report: Report) -> bool:
    """Tell whether only a person can say that rows need no order in time."""
    found = check_statuses(report)
    return not any(found.get(code) in RAN for code in ("LEAK010", "LEAK011", "LEAK012"))


def _answer(kind: Kind, report: Report, texts: ModelCardTexts, found: dict[str, str]) -> Answer:
    key = None if kind.key == "time_order" and not time_is_open(report) else kind.key
    text = None if key is None else texts.text(key)
    statuses = [found[code] for code in kind.checks if found.get(code) in RAN]
    if kind.number == "L1.1":
        statuses.append(_held_out(report))
    lacking = [code for code in kind.needed if found.get(code) not in RAN]
    is_open = bool(lacking) or (key is not None and text is None)
    status = _status(statuses, is_open=is_open, is_written=text is not None)
    return Answer(
        number=kind.number,
        question=f"{kind.name}. {kind.asked}",
        status=status,
        recorded=_recorded(kind, report, found, lacking),
        key=key,
        text=text,
        checks=kind.checks,
    )


def _status(statuses: list[str], *, is_open: bool, is_written: bool) -> Status:
    if "failed" in statuses:
        return "found"
    if is_open or "not_run" in statuses:
        return "open"
    if not statuses:
        return "written" if is_written else "open"
    if "waived" in statuses:
        return "waived"
    return "warned" if "warning" in statuses else "none_found"


def _held_out(report: Report) -> str:
    """Tell how the gate ended that looks for test rows among those that models have seen."""
    gate = next((gate for gate in report.gates if gate.code == "incumbent_unseen"), None)
    return "not_run" if gate is None else gate.status


def _recorded(kind: Kind, report: Report, found: dict[str, str], lacking: Iterable[str]) -> str:
    doubtful = [
        f"{item.code}: {item.message}"
        for item in report.leakage.findings
        if item.code in kind.checks and item.status in {"failed", "warning", "waived"}
    ]
    ended: dict[str, list[str]] = {}
    for code in kind.checks:
        ended.setdefault(found.get(code, "not_run"), []).append(code)
    told = [f"{', '.join(codes)} {SIGNS[status].word}." for status, codes in ended.items()]
    wait = [f"To be run: {AUDIT}."] if lacking else []
    return " ".join([*_facts(kind, report), *told, *doubtful, *wait])


def _facts(kind: Kind, report: Report) -> list[str]:
    if kind.number == "L1.1":
        gate = next((gate for gate in report.gates if gate.code == "incumbent_unseen"), None)
        seen = [] if gate is None else [f"Gate {gate.code}: {gate.evidence}"]
        return [held_out_sentence(report), *seen]
    if kind.number in {"L1.2", "L1.3"}:
        return ["Preprocessing is part of the model and fitted with it."]
    if kind.number == "L3.2" and report.split.override_reason is not None:
        return [f"A declared column was ignored: {report.split.override_reason}."]
    return []


def held_out_sentence(report: Report) -> str:
    """Say on which rows the models were judged."""
    test = report.split.parts.get("test")
    if test is not None and test.rows:
        return f"{number(test.rows)} test rows were set apart ({label(report.split.strategy)})."
    folds = report.comparison.folds
    how = "" if folds is None else f" of {number(folds.folds)} folds"
    return (
        f"There is no test set: {number(report.metrics.rows)} cross-validated rows{how} stand in, "
        "each judged by a model trained without it."
    )
