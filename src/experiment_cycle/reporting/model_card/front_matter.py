"""The card's head for machines: the metadata of the Hugging Face Hub, as YAML.

Fields as documented in the Hub's modelcard.md; intervals have no field there and stand in the text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from experiment_cycle.problem import ProblemType
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.model_card.texts import ModelCardTexts

TASKS: dict[ProblemType, str] = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}
"""The Hub's names of tasks; it has none for ranking rows of a table."""
OTHER_TASK = "other"
LICENCE = re.compile(r"[a-z0-9][a-z0-9.\-]*")
"""How the Hub writes a licence that it knows, such as ``apache-2.0``."""
DECIMALS = 6


def front_matter(report: Report, texts: ModelCardTexts) -> str:
    """Write the head, between its two lines of three dashes."""
    found = yaml.safe_dump(
        metadata(report, texts), sort_keys=False, allow_unicode=True, width=10**6
    )
    return f"---\n{found}---"


def metadata(report: Report, texts: ModelCardTexts) -> dict[str, Any]:
    """Collect the metadata; what is not known is left out."""
    task = TASKS.get(report.problem.type)
    tags = ["sklearn", "skops", "experiment-cycle", report.problem.type]
    return {
        **_licence(texts.license),
        "library_name": "sklearn",
        **({} if task is None else {"pipeline_tag": task}),
        "tags": tags if task is None else [*tags, task],
        "model-index": [
            {"name": one_line(report.promotion.registered_model), "results": [_results(report)]}
        ],
    }


def one_line(text: str) -> str:
    """Write text without line breaks, so that no line of it could end the head."""
    return " ".join(text.split())


def _licence(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    if LICENCE.fullmatch(text):
        return {"license": text}
    return {"license": "other", "license_name": one_line(text)}


def _results(report: Report) -> dict[str, Any]:
    test = report.split.parts.get("test")
    return {
        "task": {
            "type": TASKS.get(report.problem.type, OTHER_TASK),
            "name": report.problem.type,
        },
        "dataset": {
            "type": one_line(report.version.backend),
            "name": one_line(f"dataset version {report.version.id[:12]}"),
            "revision": report.version.content_hash,
            "split": "test" if test is not None and test.rows else "cross-validation",
        },
        "metrics": [
            {"type": name, "name": label(name), "value": round(found.value, DECIMALS)}
            for name, found in report.metrics.challenger.items()
            if found.value is not None
        ],
    }
