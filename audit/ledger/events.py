"""Event types: constants that each app declares in its `events.py`.

An event cannot be declared without naming its facts and saying what each may hold, so that nobody adds personal
data to a log that is never erased.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from audit.ledger.canonical import KEY


class Fact(StrEnum):
    """What a fact may hold."""

    COUNT = "count"  # an integer
    FLAG = "flag"  # true or false
    WORD = "word"  # a short value from the console's own vocabulary: a state, a kind, a method
    NAME = "name"  # the name of a system, data set, column or document: metadata, never content
    TEXT = "text"  # written by staff, who are told that it is kept for ever and must hold no personal data
    SEALED = "sealed"  # text about the person, under a key of theirs that can be destroyed: needs a subject
    DIGEST = "digest"  # a hash or fingerprint
    PERSON = "person"  # a keyed reference to a data subject
    LIST = "list"  # a list of names or words
    TABLE = "table"  # a list of objects made of the above


@dataclass(frozen=True)
class Event:
    """`key` is `noun.verb` in the past tense; `title` is how the ledger page says it."""

    key: str
    title: str
    facts: dict[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unfit := [name for name in self.facts if not KEY.match(name)]:
            raise RuntimeError(
                f"{self.key}: facts must be named in lower-case letters, digits and _: {unfit}."
            )
        if EVENTS.setdefault(self.key, self) is not self:
            raise RuntimeError(f"Two events are called {self.key!r}.")


EVENTS: dict[str, Event] = {}
