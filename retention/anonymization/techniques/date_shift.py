"""All dates of one person move by the same number of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, on_distinct, refused
from retention.anonymization.hashing import KeyedHash, secret_for, subkey
from retention.anonymization.moments import is_moment, read_date
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import as_text, is_text

_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)
_EPOCH = date(1970, 1, 1)
_LARGEST = 2**63 - 1
_PER_DAY = {"s": 86_400, "ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}


@dataclass(frozen=True)
class Parameters:
    days: int = parameter(
        30,
        label="Days at most",
        help="Each person's dates move by 1 to so many days, back or on.",
        minimum=1,
        maximum=3650,
    )
    key: str = parameter("anonymization", label="Key", help="Name of the key in the key ring.")
    domain: str = parameter(
        "dates", label="Domain", help="Columns and data sets of one domain move a person's dates alike."
    )


class DateShift(ColumnTechnique):
    """Between 1 and `days` days back or on, from the keyed hash of the person: never by none.

    Days between two dates of one person stay, and the time of day does (in UTC where there is a zone). A date of
    nobody, one that would leave the years 1 to 9999 or its type, and text that is no ISO 8601 date become null.
    """

    kind = "date_shift"
    label = "Shift dates of a person"
    explanation = "The days between a person's dates stay right while none of the dates is the true one."
    Parameters = Parameters
    consistent = False
    needs_person = True
    by_distinct = False

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_moment(plain):
            raise refused(self, plain)
        return plain

    def key_names(self) -> tuple[str, ...]:
        return (self.parameters.key,)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        secret = secret_for(environment, self.parameters.key)
        hash_of = KeyedHash(subkey(secret.material, "date_shift", self.parameters.domain))
        most = self.parameters.days

        def days_of(persons: pa.Array) -> pa.Array:
            digests = hash_of.each(map(str.encode, persons.to_pylist()))
            places = [int.from_bytes(digest[:8], "big") % (2 * most) for digest in digests]
            return pa.array(
                [place - most if place < most else place - most + 1 for place in places], pa.int64()
            )

        def shift(values: pa.Array, person: pa.Array | None) -> pa.Array:
            if person is None:
                raise TechniqueError(
                    f"Column {environment.column} needs the column that tells persons apart."
                )
            days = on_distinct(person, days_of)
            return _texts(values, days) if is_text(plain) else _moments(values, days)

        return shift


def _moments(values: pa.Array, days: pa.Array) -> pa.Array:
    given = values.type
    unit = 1 if given == pa.date32() else _PER_DAY[getattr(given, "unit", "ms")]
    width = pa.int32() if given == pa.date32() else pa.int64()
    number = values.view(width).cast(pa.int64())
    step = pc.multiply(days, unit)
    first = max((_FIRST - _EPOCH).days * unit, -_LARGEST)
    last = min(((_LAST - _EPOCH).days + 1) * unit - 1, _LARGEST)
    # Compared before they are added, so that nothing overflows.
    stays = pc.and_(
        pc.greater_equal(number, pc.subtract(first, pc.min_element_wise(step, 0))),
        pc.less_equal(number, pc.subtract(last, pc.max_element_wise(step, 0))),
    )
    return pc.add(pc.if_else(stays, number, None), step).cast(width).view(given)


def _texts(values: pa.Array, days: pa.Array) -> pa.Array:
    pairs = zip(as_text(values).to_pylist(), days.to_pylist(), strict=True)
    return pa.array([_text(text, shift) for text, shift in pairs], pa.string())


def _text(text: str | None, shift: int | None) -> str | None:
    day = read_date(text)
    if text is None or day is None or shift is None:
        return None
    try:
        return f"{day + timedelta(shift)}{text.strip()[10:]}"
    except OverflowError:
        return None
