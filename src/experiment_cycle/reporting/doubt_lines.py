"""Suspected labels, and drift between train and test, as the report says it."""

from __future__ import annotations

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.drift import FeatureDrift, TestDrift
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import written
from experiment_cycle.reporting.numbers import number, p_value, percent

UNUSUAL = 0.05
LABEL_TITLES = {
    ROW: "row",
    "label_probability": "probability of the label",
    "suggested_probability": "of the suggested one",
    "standardised_error": "standardised error",
}


def label_sentence(report: Report) -> str:
    """Say how many labels are suspected, and how many would be if all were right."""
    found = report.label_errors
    if found.method == "none":
        return found.note or ""
    parts = " and ".join(f"{number(rows)} of {name}" for name, rows in found.rows.items())
    told = f"Looked at: {parts}, none of which the challenger was fitted on. "
    if found.note:
        told += f"{found.note} "
    if not found.suspected:
        return f"{told}No label is suspected."
    if found.method == "extreme_residuals":
        return (
            f"{told}{number(found.suspected)} errors are greater than {number(found.limit)} times "
            "the usual one at such a prediction; if errors were normal, there would be one in 5 of "
            "100 tables. They are wrong values of the target, or errors with long tails."
        )
    share = number(round(found.by_chance)) if found.by_chance >= 1 else "less than one"
    told += (
        f"{number(found.suspected)} labels are suspected: another class is likelier than it "
        f"usually is for rows called so. About {share} would be if every label were right, because "
        "some rows are hard to tell. "
    )
    if found.p_value is None or found.p_value > UNUSUAL:
        return f"{told}That is no more than chance: nothing points to wrong labels."
    return (
        f"{told}There are more than that (p {p_value(found.p_value)}): wrong labels, or "
        "probabilities that are too sure."
    )


def suspected_table(report: Report, most: int) -> tuple[list[str], list[list[str]]]:
    """Write the most doubtful labels, as titles and rows of text."""
    shown = report.suspected.head(most)
    rows = [[written(value) for value in row] for row in shown.itertuples(index=False, name=None)]
    return [LABEL_TITLES.get(str(name), str(name)) for name in shown.columns], rows


def drift_sentence(found: TestDrift) -> str:
    """Say which columns are distributed otherwise in test than in train."""
    if not found.columns:
        return found.note or "There is no column to compare."
    differing = [each.column for each in found.columns if each.differs]
    one = f", by one row of each {found.unit}" if found.unit != "row" else ""
    told = (
        f"{number(len(found.columns))} columns compared{one}: {number(found.train_units)} in train "
        f"with {number(found.test_units)} in test. "
    )
    if not differing:
        return f"{told}None is distributed otherwise in test than in train."
    listed = ", ".join(differing)
    aside = f" {found.note}" if found.note else ""
    return f"{told}{number(len(differing))} differ, over all columns: {listed}.{aside}"


def drift_rows(found: TestDrift) -> list[list[str]]:
    """Write each column: name, effect, what moved most and how, p-value; differing ones first."""
    shown = sorted(found.columns, key=lambda each: not each.differs)
    return [
        [
            f"{each.column} (target)" if each.role == "target" else each.column,
            number(each.effect),
            each.most,
            _side(each, each.train),
            _side(each, each.test),
            p_value(each.adjusted_p_value),
            "differs" if each.differs else "",
        ]
        for each in shown
    ]


def _side(found: FeatureDrift, value: float | str) -> str:
    if isinstance(value, str):
        return value
    return percent(value) if found.most != "median" else number(value)
