"""What the report says of the errors of a regression."""

from __future__ import annotations

from experiment_cycle.evaluation.errors.residual_records import Residuals, ResidualTest
from experiment_cycle.reporting.numbers import number, p_value, percent, signed

ALPHA = 0.05
MOST_NAMED = 3

Line = tuple[str, str, str]


def residual_lines(found: Residuals | None) -> list[Line]:
    """Write question, answer and p-value for each property of the errors; none without errors."""
    if found is None:
        return []
    return [_spread(found), _features(found), _sequence(found), _shape(found)]


def _spread(found: Residuals) -> Line:
    low, high = number(found.low_spread), number(found.high_spread)
    test = found.spread
    return (
        "Does their size depend on the prediction?",
        f"{_answer(test)}off by {low} (root mean square) in the fifth of the rows with the least "
        f"predictions, by {high} in that with the greatest. {_test(test)}",
        _p(test),
    )


def _features(found: Residuals) -> Line:
    tested = [each for each in found.features if each.p_value is not None]
    sure = [each for each in tested if (each.p_value or 0.0) < ALPHA]
    named = ", ".join(
        f"{each.column} ({percent(each.explained)} of their variance)" for each in sure[:MOST_NAMED]
    )
    more = len(sure) - MOST_NAMED
    told = f"Yes, {number(len(sure))} of {number(len(tested))}: {named}" if sure else "None surely"
    rest = f" and {number(more)} more" if more > 0 else ""
    least = min((each.p_value for each in tested if each.p_value is not None), default=None)
    return (
        "Do features still tell of them?",
        f"{told}{rest}. Welch's test of equal mean errors by level, Holm over the features",
        "" if least is None else p_value(least),
    )


def _sequence(found: Residuals) -> Line:
    test = found.sequence
    watson = (
        f"Durbin-Watson {number(found.durbin_watson)} (2: unrelated). "
        if found.durbin_watson is not None
        else ""
    )
    return (
        "Are those that follow each other in time related?",
        f"{_answer(test)}{watson}{_test(test)}",
        _p(test),
    )


def _shape(found: Residuals) -> Line:
    if found.skewness is None or found.excess_kurtosis is None:
        return "Are they normal?", "All of them are equal", ""
    return (
        "Are they normal?",
        f"Skewness {signed(found.skewness)}, excess kurtosis {signed(found.excess_kurtosis)}; both "
        "are 0 if they are. No interval of this report supposes it",
        "",
    )


def _answer(test: ResidualTest) -> str:
    if test.p_value is None:
        return ""
    return "Yes: " if test.p_value < ALPHA else "Not surely: "


def _test(test: ResidualTest) -> str:
    if test.note is not None:
        return test.note[:1].upper() + test.note[1:]
    return test.test


def _p(test: ResidualTest) -> str:
    return "" if test.p_value is None else p_value(test.p_value)
