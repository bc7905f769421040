"""Rows by their age: which of a record batch were there before a moment.

A time without a zone is read as UTC, and a date as a day of the controller's own calendar. Text counts where all of it
is dates and times as ISO 8601 writes them (`2026-01-31`, `2026-01-31T09:30:00Z`): a column in which anything else
stands has no age, since no guess may decide what is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc
from django.utils import timezone

from catalog.connectors.base import ConnectorError, Malformed, Match, Older, Unsupported
from catalog.connectors.keys import family, plain_array
from catalog.connectors.matching import Matcher

DAY = r"^\d{4}-\d{2}-\d{2}$"
TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?"
ZONED = TIME + r" ?(Z|[+-]\d{2}(:?\d{2})?)$"
NAIVE = TIME + "$"
BEYOND_MICROSECONDS = r"([.,]\d{6})\d+"


@dataclass(frozen=True)
class Aged:
    """The rows that are older, the first `limit` of them: stands where matches do when a file is rewritten."""

    older: Older
    limit: int


class AgeMatcher:
    """As a Matcher, for rows by their age; it counts what it has taken."""

    def __init__(self, aged: Aged) -> None:
        self.columns = [aged.older.column]
        self._older = aged.older
        self._left = aged.limit

    def mask(self, batch: pa.RecordBatch) -> pa.BooleanArray:
        """True for the rows that are older, until the limit is reached; never null."""
        mask = pc.fill_null(is_older(batch[self._older.column], self._older), False)
        hits = pc.indices_nonzero(mask)
        if len(hits) > self._left:
            taken = hits.slice(0, self._left)
            mask = pc.is_in(pa.array(range(len(batch)), taken.type), value_set=taken)
        self._left -= min(len(hits), self._left)
        return mask


Rows = Sequence[Match] | Aged


def compared(rows: Rows) -> list[str]:
    """The columns by which those rows are known."""
    if isinstance(rows, Aged):
        return [rows.older.column]
    return list(dict.fromkeys(name for match in rows for name in match.columns))


def matcher_of(rows: Rows, schema: pa.Schema) -> Matcher | AgeMatcher:
    """What tells those rows in batches of `schema`."""
    return AgeMatcher(rows) if isinstance(rows, Aged) else Matcher(rows, schema)


def day(older: Older) -> date:
    """The first day that is not older."""
    return timezone.localdate(older.moment)


def naive(older: Older) -> datetime:
    """The moment in UTC, without saying so."""
    return older.moment.astimezone(UTC).replace(tzinfo=None)


def no_age(column: str, data_set: str) -> ConnectorError:
    """What is said of a column that holds no dates or times."""
    return Unsupported(
        f"{data_set}.{column} holds no dates or times.", "Say which column of it tells the age of its rows."
    )


def is_older(values: pa.Array, older: Older) -> pa.BooleanArray:
    """Per row; null where there is no value. Raises ConnectorError for a column that has no age."""
    values = plain_array(values)
    kind = values.type
    if pa.types.is_date(kind):
        return pc.less(values.cast(pa.date32()), pa.scalar(day(older), pa.date32()))
    if pa.types.is_timestamp(kind):
        moment = older.moment.astimezone(UTC) if kind.tz else naive(older)
        return pc.less(values, pa.scalar(moment, pa.timestamp("us", tz=kind.tz)))
    if family(kind) == "text" or pa.types.is_null(kind):
        return _text_is_older(values.cast(pa.string()), older)
    raise Unsupported(
        f"{older.column} holds no dates or times.", "Say which column tells the age of the rows."
    )


def _text_is_older(texts: pa.Array, older: Older) -> pa.BooleanArray:
    texts = pc.utf8_trim_whitespace(texts)
    texts = pc.replace_substring_regex(texts, BEYOND_MICROSECONDS, r"\1")
    answer = pa.nulls(len(texts), pa.bool_())
    told = pc.is_null(texts)
    for pattern, kind in (
        (DAY, pa.date32()),
        (ZONED, pa.timestamp("us", "UTC")),
        (NAIVE, pa.timestamp("us")),
    ):
        meant = pc.and_(pc.match_substring_regex(texts, pattern), pc.invert(told))
        try:
            found = pc.if_else(meant, texts, None).cast(kind)
        except pa.ArrowInvalid:  # 2026-02-30
            raise _no_dates(older) from None
        answer = pc.coalesce(answer, is_older(found, older))
        told = pc.or_(told, pc.fill_null(meant, False))
    if not pc.all(told).as_py() and len(told):
        raise _no_dates(older)
    return answer


def _no_dates(older: Older) -> ConnectorError:
    return Malformed(
        f"Some text in {older.column} is no date or time as ISO 8601 writes it.",
        "Correct it in the store, or say which other column tells the age of the rows.",
    )
