"""A data set as it is, whoever looked: the words in which a contract is held against it."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.connectors.base import Kind


@dataclass(frozen=True)
class Seen:
    """One column as it is. `why` says who holds it for `category`; `category` is empty where nobody is sure."""

    name: str
    type: str = ""
    kind: Kind | None = None  # None: the store has no types
    nullable: bool | None = None  # None: the store does not say
    category: str = ""
    why: str = ""
    contains: tuple[str, ...] = ()
    looks_like: str = ""  # what the values alone say, when they were looked at

    @property
    def personal(self) -> bool:
        """Whether it is known to hold personal data, or text in which they occur."""
        return any(
            CATEGORIES[key].sensitivity != Sensitivity.NONE for key in (self.category, *self.contains) if key
        )


@dataclass(frozen=True)
class Observed:
    """A data set as it is; `where` is how messages call it."""

    where: str
    columns: tuple[Seen, ...]
