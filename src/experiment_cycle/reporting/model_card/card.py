"""The model card: one Markdown file, with a head for machines.

After Mitchell et al., Model Cards for Model Reporting, FAT* 2019, whose sections it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.model_card import sections
from experiment_cycle.reporting.model_card.answers import WORDS, Answer
from experiment_cycle.reporting.model_card.front_matter import front_matter
from experiment_cycle.reporting.model_card.leakage import leakage_answers
from experiment_cycle.reporting.model_card.reforms import module, reforms_answers
from experiment_cycle.reporting.model_card.texts import (
    PLACE,
    ModelCardTexts,
    missing,
    question,
)
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.terms import SIGNS

OF_MITCHELL = (
    "owner",
    "license",
    "intended_uses",
    "out_of_scope_uses",
    "relevant_factors",
    "ethical_considerations",
    "data_consent",
    "data_sources",
    "limits",
)
"""The texts that the card's own sections ask for."""
SOURCES = (
    "Mitchell et al., Model Cards for Model Reporting, FAT* 2019, doi 10.1145/3287560.3287596",
    "Kapoor and Narayanan, Leakage and the reproducibility crisis in machine-learning-based "
    "science, Patterns 4 (9), 2023, doi 10.1016/j.patter.2023.100804",
    "Kapoor et al., REFORMS: Consensus-based Recommendations for Machine-learning-based Science, "
    "Science Advances 10 (18), 2024, doi 10.1126/sciadv.adk3452",
)


@dataclass(frozen=True)
class OpenItems:
    """What is open: texts by key, and leakage questions that a check has yet to answer."""

    texts: tuple[str, ...]
    asked: int
    unchecked: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Count them."""
        count = len(self.texts) + len(self.unchecked)
        if not count:
            return f"No item is open: all {self.asked} texts are written."
        told = f"{count} {'item is' if count == 1 else 'items are'} open"
        if not self.unchecked:
            return f"{told}: {len(self.texts)} of {self.asked} texts that only a person can write."
        return (
            f"{told}: {len(self.texts)} of {self.asked} texts that only a person can write, and "
            f"{len(self.unchecked)} that a check has yet to answer ({', '.join(self.unchecked)})."
        )


def render_model_card(report: Report, options: ReportingOptions) -> str:
    """Render the card of the challenger as Markdown without HTML; what comes from data is escaped.

    Returns:
        YAML between two lines of three dashes, then Markdown.
    """
    texts = options.model_card
    leakage = leakage_answers(report, texts)
    reforms = reforms_answers(report, texts, leakage)
    blocks = [
        front_matter(report, texts),
        *_opening(report, open_items(leakage, reforms, texts)),
        *_sections(report, options, texts),
        *_leakage(leakage),
        *_reforms(reforms),
        *_open(open_items(leakage, reforms, texts)),
        "## Sources",
        "\n".join(f"- {opening(source)}" for source in SOURCES),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def open_items(
    leakage: Sequence[Answer], reforms: Iterable[Answer], texts: ModelCardTexts
) -> OpenItems:
    """Count each text once, wherever it is asked for."""
    asked = {*OF_MITCHELL, *(each.key for each in (*leakage, *reforms) if each.key)}
    return OpenItems(
        texts=tuple(missing(texts, asked)),
        asked=len(asked),
        unchecked=tuple(
            each.number
            for each in leakage
            if each.status == "open" and (each.key is None or each.text is not None)
        ),
    )


def _opening(report: Report, found: OpenItems) -> list[str]:
    sign = SIGNS[report.decision.decision]
    return [
        f"# Model card: {escape(report.promotion.registered_model)}",
        f"{sign.icon} {sign.word}. {escape(report.promotion.sentence)} Hypothesis "
        f"{escape(report.hypothesis.id)}: {escape(report.hypothesis.statement)}",
        f"**{escape(found.sentence)}**",
    ]


def _sections(report: Report, options: ReportingOptions, texts: ModelCardTexts) -> list[str]:
    def told(*keys: str) -> list[str]:
        return [block for key in keys for block in written(key, texts)]

    return [
        "## Model details",
        *sections.details(report),
        *told("owner", "license"),
        "## Intended use",
        *told("intended_uses", "out_of_scope_uses"),
        "## Factors",
        *sections.factors(report),
        *told("relevant_factors"),
        "## Metrics",
        *sections.metrics(report),
        "## Evaluation data",
        *sections.evaluation_data(report),
        "## Training data",
        *sections.training_data(report),
        *told("data_sources"),
        "## Quantitative analyses",
        *sections.analyses(report, options),
        "## Ethical considerations",
        *told("ethical_considerations", "data_consent"),
        "## Caveats and recommendations",
        *sections.doubts(report),
        *told("limits"),
    ]


def written(key: str, texts: ModelCardTexts) -> list[str]:
    """Write a text under its question, paragraph by paragraph, or that it is open."""
    text = texts.text(key)
    asked = question(key)
    title = escape(asked[0].upper() + asked[1:])
    if text is None:
        return [f"**{title}:** {WORDS['open']} ({key})"]
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return [f"**{title}:**", *map(opening, paragraphs)]


def _leakage(answers: Sequence[Answer]) -> list[str]:
    return [
        "## Leakage: the eight questions",
        f"After Kapoor and Narayanan 2023. {counted(answers)}",
        _answers("question", answers),
    ]


def counted(answers: Sequence[Answer]) -> str:
    """Say how many of the answers there are of each kind."""
    kinds = {kind: [each for each in answers if each.status == kind] for kind in WORDS}
    told = [f"{len(found)} {WORDS[kind][2:]}" for kind, found in kinds.items() if found]
    return f"Of {len(answers)}: {', '.join(told)}."


def _reforms(answers: Sequence[Answer]) -> list[str]:
    modules: dict[str, list[Answer]] = {}
    for each in answers:
        modules.setdefault(module(each.number), []).append(each)
    return [
        "## REFORMS",
        f"After Kapoor et al. 2024. {counted(answers)}",
        *(
            block
            for title, found in modules.items()
            for block in (f"### {title}", _answers("item", found))
        ),
    ]


def _answers(title: str, answers: Iterable[Answer]) -> str:
    rows = [(each.number, each.question, WORDS[each.status], each.told) for each in answers]
    return table(("", title, "answer", "evidence"), rows)


def _open(found: OpenItems) -> list[str]:
    if not found.texts:
        return []
    rows = [(key, question(key)) for key in found.texts]
    return [
        "## Open items",
        f"Write them as {escape(PLACE)}, then run kedro cycle report.",
        table(("key", "what it is to tell"), rows),
    ]
