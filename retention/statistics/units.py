"""Privacy loss as whole numbers: nano-ε, nano-ρ and pico-δ.

Sums of floating-point numbers refuse the twentieth .05 of 1.0 or grant a twenty-first; sums of integers do neither.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

NANO = 10**9
PICO = 10**12
MOST = 1_000  # ε or ρ; more is no protection, and certainly a slip


class NoAmount(ValueError):
    """A text is no amount of privacy loss; the message says why."""


def nano(value: Any, *, name: str) -> int:
    """ε or ρ in nano: above nought, at most 1,000, in steps of 0.000000001. Raises NoAmount, naming `name`."""
    number = _decimal(value, name)
    if number <= 0:
        raise NoAmount(f"{name} must be more than 0.")
    if number > MOST:
        raise NoAmount(f"{name} must be at most {MOST:,}; above 10 it protects nobody.")
    return _whole(number * NANO, name, "0.000000001")


def pico(value: Any, *, name: str) -> int:
    """δ in pico: from 0 to below 1, in steps of 0.000000000001. Raises NoAmount, naming `name`."""
    number = _decimal(value, name)
    if not 0 <= number < 1:
        raise NoAmount(f"{name} must be at least 0 and below 1.")
    return _whole(number * PICO, name, "0.000000000001")


def of_nano(amount: int) -> str:
    """`50000000` as `0.05`."""
    return plain(Decimal(amount) / NANO)


def of_pico(delta: int) -> str:
    return plain(Decimal(delta) / PICO)


def plain(number: Decimal) -> str:
    """Without exponent and trailing noughts."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(value: Any, name: str) -> Decimal:
    if isinstance(value, bool):
        raise NoAmount(f"{name} must be a number.")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise NoAmount(f"{name} must be a number.") from None
    if not number.is_finite():
        raise NoAmount(f"{name} must be a finite number.")
    if abs(number.adjusted()) > 30:
        raise NoAmount(f"{name} is out of range.")
    return number


def _whole(number: Decimal, name: str, step: str) -> int:
    if number != number.to_integral_value():
        raise NoAmount(f"{name} is counted in steps of {step}.")
    return int(number)
