"""How numbers are written in the report, its Markdown twin and the terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from experiment_cycle.evaluation.records import Estimate

NOT_DEFINED = "not defined"
SIGNIFICANT = 4
LEAST, GREATEST = 1e-4, 1e9
"""Outside these, numbers are written with a power of ten; whole ones are not."""
NO_POWER = 1e-300
"""Below it, ten to the power of a number's size cannot be computed."""
LEAST_P = 0.001
MINUTE, HOUR = 60.0, 3600.0
KILO = 1000.0


def number(value: float | None) -> str:
    """Write a number with at most four significant digits; whole numbers as they are.

    Returns:
        Such as ``0.6403``, ``12,350`` (for 12345.6) or ``not defined``.
    """
    if value is None or not math.isfinite(value):
        return NOT_DEFINED
    if isinstance(value, int):
        return f"{value:,}"
    rounded = float(f"{value:.{SIGNIFICANT}g}")
    size = abs(rounded)
    if rounded == 0.0:
        return "0"
    if not LEAST <= size < GREATEST:
        return f"{rounded:.{SIGNIFICANT}g}"
    decimals = max(0, SIGNIFICANT - 1 - math.floor(math.log10(size)))
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def signed(value: float | None) -> str:
    """Write a difference, with its sign."""
    text = number(value)
    return f"+{text}" if value is not None and value > 0.0 and text != NOT_DEFINED else text


def rounded_alike(*values: float | None) -> list[str]:
    """Write an estimate and its bounds with the same number of decimals, or power of ten.

    The digits are those that leave two of half the distance between the outermost values, so that
    0.64031, 0.61234 and 0.66821 become 0.640, 0.612 and 0.668, and at most four of the greatest.
    """
    write = _writer(values) or number
    return [
        NOT_DEFINED if value is None or not math.isfinite(value) else write(value)
        for value in values
    ]


def interval(value: float | None, lower: float | None, upper: float | None) -> str:
    """Write an estimate with its interval, such as ``0.640 (0.612 to 0.668)``."""
    if value is None:
        return NOT_DEFINED
    if lower is None or upper is None:
        return number(value)
    middle, low, high = rounded_alike(value, lower, upper)
    return f"{middle} ({low} to {high})"


def estimate_or_reason(found: Estimate) -> str:
    """Write an estimate with its interval, or why there is none."""
    if found.value is None and found.note:
        return f"{NOT_DEFINED}: {reason(found.note)}"
    return interval(found.value, found.lower, found.upper)


def reason(note: str) -> str:
    """Leave out of a note what the number beside it says already."""
    return note.removeprefix(f"{NOT_DEFINED}: ")


def signed_interval(value: float | None, lower: float | None, upper: float | None) -> str:
    """Write a difference with its interval, such as ``+0.031 (0.004 to 0.058)``."""
    text = interval(value, lower, upper)
    return f"+{text}" if value is not None and value > 0.0 else text


def signed_as_precise(value: float, lower: float | None, upper: float | None) -> str:
    """Write a difference with the decimals that an estimate between these bounds would have."""
    write = _writer((lower, upper))
    if write is None:
        return signed(value)
    text = write(value)
    return f"+{text}" if value > 0.0 else text


def percent(share: float | None) -> str:
    """Write a share of one as a percentage: ``15.3 %``, and ``70 %`` where that is exact."""
    if share is None or not math.isfinite(share):
        return NOT_DEFINED
    of_hundred = round(100.0 * share, 9)
    text = f"{of_hundred:.0f}" if of_hundred.is_integer() else f"{of_hundred:.1f}"
    return "under 0.1 %" if text == "0.0" else f"{text} %"


def confidence(level: float) -> str:
    """Write an error level as the confidence it leaves, such as ``97 %``."""
    return f"{100.0 * (1.0 - level):.3g} %"


def p_value(value: float | None) -> str:
    """Write a p-value; what is below 0.001 is not told apart."""
    if value is None:
        return NOT_DEFINED
    return f"< {LEAST_P:g}" if value < LEAST_P else f"{value:.3f}"


def duration(seconds: float) -> str:
    """Write a duration, such as ``0.42 s``, ``2 min 5 s`` or ``1 h 3 min``."""
    if seconds < MINUTE:
        return f"{seconds:.3g} s"
    if seconds < HOUR:
        minutes, rest = divmod(round(seconds), int(MINUTE))
        return f"{minutes} min {rest} s"
    hours, rest = divmod(round(seconds / MINUTE), int(MINUTE))
    return f"{hours:,} h {rest} min"


def size(count: int) -> str:
    """Write a number of bytes in decimal units, such as ``1.25 MB``."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < KILO:
            return f"{value:.3g} {unit}"
        value /= KILO
    return f"{value:,.3g} TB"


def _writer(values: Sequence[float | None]) -> Callable[[float], str] | None:
    """Make what writes all of these values alike; None where they do not differ."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    half = (max(known) / 2.0 - min(known) / 2.0) if known else 0.0
    greatest = max((abs(value) for value in known), default=0.0)
    if half <= 0.0 or greatest < NO_POWER:
        return None
    power = math.floor(math.log10(greatest))
    decimals = min(1 - math.floor(math.log10(half)), SIGNIFICANT - 1 - power)
    if not LEAST <= greatest < GREATEST:
        return lambda value: _scaled(value, decimals + power, power)
    return lambda value: _fixed(value, decimals)


def _fixed(value: float, decimals: int) -> str:
    """Write so many decimals; fewer than none round to tens, hundreds and so on."""
    text = f"{round(value, decimals):,.0f}" if decimals < 0 else f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def _scaled(value: float, decimals: int, power: int) -> str:
    text = _fixed(value / 10.0**power, decimals)
    return f"{text}e{power:+03d}" if text.strip("0.") else "0"
