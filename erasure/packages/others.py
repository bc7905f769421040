"""Other persons in a person's rows (Art. 15(4)): who a value belongs to, as far as it can be told.

A value is the person's own if it is one of their identifiers, or stands in a row that is about them alone. All else
that identifies somebody is held to be another person's until an officer has looked at it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from catalog.classification.entities import CATEGORY_OF, recognize
from catalog.classification.vocabulary import CATEGORIES, Sensitivity, within
from catalog.connectors.base import Kind
from catalog.models import Column

MOST_OWN = 20_000
TEXTS_AT_ONCE = 200
SURE = 0.6
# Columns of a person's own row that speak of somebody else by their name.
ROLES = re.compile(
    r"(?:^|_)(?:recipient|receiver|friend|referr\w+|agent|partner|spouse|parent|guardian|child|manager|supervisor"
    r"|assignee|assigned|seller|driver|emergency|contact_person|witness|doctor|author|created_by|updated_by|other)",
    re.IGNORECASE,
)
TELLING = ("name", "contact", "id", "finance.card", "finance.iban", "finance.account", "health.record")


@dataclass
class Own:
    """The values known to be the person's own, trimmed and without regard to case."""

    values: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, values: Iterable[str]) -> "Own":
        own = cls()
        for value in values:
            own.add(value)
        return own

    def add(self, value: Any) -> None:
        text = folded(value)
        if text and len(self.values) < MOST_OWN:
            self.values.add(text)
            self.words.update(re.findall(r"[^\W\d_]+", text))

    def has(self, value: Any) -> bool:
        return value is None or folded(value) in self.values or not folded(value)

    def speaks_of(self, text: str) -> bool:
        """Whether a mention in a text is the person: a value of theirs, or a part of their name."""
        words = re.findall(r"[^\W\d_]+", text.lower())
        return self.has(text) or (bool(words) and set(words) <= self.words)


def folded(value: Any) -> str:
    return str(value).strip().lower() if value is not None else ""


def identifies(column: Column) -> bool:
    """Whether a value of the column says who somebody is."""
    if not column.category:
        return False
    category = CATEGORIES.get(column.category)
    return column.sensitivity == Sensitivity.DIRECT or bool(category and category.unique)


def is_text(column: Column) -> bool:
    """Whether people write freely in it, so that anybody may be mentioned."""
    return column.kind == Kind.TEXT and within(column.category or "", "content")


def learn(own: Own, rows: pa.Table, columns: Sequence[Column], verified: dict[str, list[str]]) -> None:
    """Add what stands in rows that are about the person alone: none of their identifiers is anybody else's."""
    telling = [column for column in columns if identifies(column) and not ROLES.search(column.name)]
    checked = [c for c in columns if any(within(c.category or "", category) for category in verified)]
    for row in rows.select(
        [column.name for column in {c.pk: c for c in [*telling, *checked]}.values()]
    ).to_pylist():
        if checked and all(own.has(row[column.name]) for column in checked):
            for column in telling:
                own.add(row[column.name])


def judge(own: Own, table: pa.Table, columns: Sequence[Column]) -> dict[str, dict[str, Any]]:
    """Per column that may name others: {why, others}, with the number of rows where it does."""
    found: dict[str, dict[str, Any]] = {}
    for column in columns:
        if identifies(column):
            others = sum(not own.has(value) for value in table[column.name].to_pylist())
            why = f"{CATEGORIES[column.category].title} that is not known to be the person’s"
        elif is_text(column):
            others, why = _in_texts(own, table[column.name].to_pylist())
        else:
            continue
        if others:
            found[column.name] = {"why": why, "others": others}
    return found


def _in_texts(own: Own, values: list[Any]) -> tuple[int, str]:
    texts = [str(value) for value in values if value][:TEXTS_AT_ONCE]
    try:
        return sum(bool(spans) for spans in strangers(own, texts)), "Text that mentions others"
    except (OSError, ImportError):
        return len(texts), "Text that could not be read: no language model is installed"


def strangers(own: Own, texts: Sequence[str]) -> Iterator[list[tuple[int, int]]]:
    """Per text, where it mentions somebody who is not the person. OSError where no model is installed."""
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        batch = texts[start : start + TEXTS_AT_ONCE]
        for text, spans in zip(batch, recognize(batch), strict=True):
            yield [
                (span.start, span.end)
                for span in spans
                if span.score >= SURE
                and any(within(CATEGORY_OF.get(span.kind, ""), top) for top in TELLING)
                and CATEGORY_OF.get(span.kind) != "name"
                and not own.speaks_of(text[span.start : span.end])
            ]
