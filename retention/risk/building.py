"""Hierarchies made by rule instead of by hand: bands of numbers, dates, prefixes, masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from retention.anonymization.hierarchies import Hierarchy
from retention.risk.collapsing import RiskProblem
from retention.risk.levels import HIDDEN

FARTHEST = 300  # powers of ten: written out, 1e999999 would have as many digits
MOST_MASKED = 64  # characters


def bands(name: str, values: Sequence[str], widths: Sequence[str | int | float | Decimal]) -> Hierarchy:
    """Numbers in bands from 0 on, one level for each width: 10 makes 37 `30-39`; then `*`.

    Each width is a multiple of the one before, so that bands fall into bands. Bounds of whole numbers are both inside,
    else the upper is not: `[1.5, 2)`. Raises RiskProblem, with how many values are no numbers.
    """
    steps = [_decimal(str(width)) for width in widths]
    if not steps or any(step is None or step <= 0 for step in steps):
        raise RiskProblem(f"The bands of {name} need widths above 0.", "Such as 5, 10, 20.")
    known = [step for step in steps if step is not None]
    if any(above % below or above == below for below, above in pairwise(known)):
        raise RiskProblem(
            f"The widths of {name} do not fit into each other.",
            "Make each a multiple of the one before: 5, 10, 20.",
        )
    numbers = [_decimal(value) for value in values]
    _require_all(name, numbers, "numbers")
    whole = all(number == number.to_integral_value() for number in (*numbers, *known) if number is not None)

    def band(number: Decimal, width: Decimal) -> str:
        low = (number / width).to_integral_value(rounding="ROUND_FLOOR") * width
        high = low + width
        return f"{low:f}-{high - 1:f}" if whole else f"[{low.normalize():f}, {high.normalize():f})"

    levels = [[band(number, width) for number in numbers if number is not None] for width in known]
    return _hierarchy(name, values, levels)


def dates(name: str, values: Sequence[str]) -> Hierarchy:
    """ISO dates or moments: day, month, quarter, year, decade, `*`. Raises RiskProblem as `bands` does."""
    days = [_date(value) for value in values]
    _require_all(name, days, "dates in the form 2024-12-31")
    known = [day for day in days if day is not None]
    steps: tuple[Callable[[date], str], ...] = (
        lambda day: day.isoformat(),
        lambda day: f"{day:%Y-%m}",
        lambda day: f"{day.year:04}-Q{(day.month + 2) // 3}",
        lambda day: f"{day.year:04}",
        lambda day: f"{day.year // 10 * 10:04}s",
    )
    if all(day.isoformat() == value for day, value in zip(known, values, strict=True)):
        steps = steps[1:]
    return _hierarchy(name, values, [[step(day) for day in known] for step in steps])


def prefixes(name: str, values: Sequence[str], lengths: Sequence[int]) -> Hierarchy:
    """The first characters, as of postal codes: 10115 with 3 is `101**`; then `*`. Lengths fall."""
    if not lengths or any(length < 1 for length in lengths) or any(b >= a for a, b in pairwise(lengths)):
        raise RiskProblem(f"The prefixes of {name} need falling lengths.", "Such as 4, 3, 2.")
    levels = [[value[:length] + "*" * (len(value) - length) for value in values] for length in lengths]
    return _hierarchy(name, values, levels)


def masks(name: str, values: Sequence[str]) -> Hierarchy:
    """One character more hidden from the right on each level: `101**`; shorter values are filled up first."""
    longest = max(map(len, values), default=0)
    if longest > MOST_MASKED:
        raise RiskProblem(
            f"Values of {name} have more than {MOST_MASKED} characters, and each would be a level.",
            "Choose another rule, such as prefix:3,2.",
        )
    filled = [value.ljust(longest, "*") for value in values]
    levels = [[value[: longest - hidden] + "*" * hidden for value in filled] for hidden in range(1, longest)]
    return _hierarchy(name, values, levels)


def keep_or_hide(name: str, values: Sequence[str]) -> Hierarchy:
    """Two levels: the value, and `*`."""
    return _hierarchy(name, values, [])


BUILDERS = ("bands", "dates", "prefix", "mask", "hide")


def build(name: str, values: Sequence[str], rule: str) -> Hierarchy:
    """By a rule in words: `bands:5,10,20`, `dates`, `prefix:3,2`, `mask`, `hide`. Raises RiskProblem for others."""
    kind, _, rest = rule.partition(":")
    given = [each.strip() for each in rest.split(",") if each.strip()]
    match kind:
        case "bands":
            return bands(name, values, given)
        case "prefix":
            if not all(each.isdecimal() for each in given):
                raise RiskProblem(f"The prefixes of {name} need falling lengths.", "Such as 4, 3, 2.")
            return prefixes(name, values, [int(each) for each in given])
        case "dates" | "mask" | "hide" if given:
            raise RiskProblem(f"{kind} takes nothing after it.")
        case "dates":
            return dates(name, values)
        case "mask":
            return masks(name, values)
        case "hide":
            return keep_or_hide(name, values)
    raise RiskProblem(f"There is no rule {kind} for hierarchies.", f"There are {', '.join(BUILDERS)}.")


def _hierarchy(name: str, values: Sequence[str], levels: Sequence[Sequence[str]]) -> Hierarchy:
    """Without levels that say the same as the one below."""
    rows = [tuple(values)]
    for level in levels:
        if tuple(level) != rows[-1]:
            rows.append(tuple(level))
    return Hierarchy(name, (*rows, (HIDDEN,) * len(values)))


def _require_all(name: str, read: Sequence[object | None], words: str) -> None:
    wrong = sum(each is None for each in read)
    if wrong:
        raise RiskProblem(
            f"{wrong} of {len(read)} values of {name} are no {words}.",
            "Choose another rule, or write a hierarchy.",
        )


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= FARTHEST else None


def _date(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        return None
