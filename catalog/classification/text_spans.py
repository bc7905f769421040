"""What recognizers of text give back, and how the claims of several are settled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """One entity in a text: its kind (named as in Presidio), where it stands, and how sure the recognizer is."""

    kind: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern whose group 1, or whole match where it has no group, is an entity if `check` agrees."""

    kind: str
    score: float
    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None = None

    def find(self, text: str) -> Iterator[Span]:
        group = 1 if self.pattern.groups else 0
        for found in self.pattern.finditer(text):
            if self.check is None or self.check(found.group(group)):
                yield Span(self.kind, found.start(group), found.end(group), self.score)


def settle(claims: Iterable[Span]) -> list[Span]:
    """Of spans that overlap one stays, in the order of the text: the surest, of about equally sure ones the longest."""
    kept: list[Span] = []
    for claim in sorted(
        claims,
        key=lambda span: (-round(span.score * 5), span.start - span.end, -span.score, span.start, span.kind),
    ):
        if all(claim.end <= other.start or other.end <= claim.start for other in kept):
            kept.append(claim)
    kept.sort(key=lambda span: span.start)
    return kept


def alternatives(lines: str) -> str:
    """One alternation from the lines of a regular expression, without the white space around each."""
    return "|".join(line.strip() for line in lines.split("\n"))
