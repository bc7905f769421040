"""All recognizers of text, and how their claims become the entities of a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from catalog.classification.text_addresses import find_addresses
from catalog.classification.text_ages import find_ages
from catalog.classification.text_codes import find_codes
from catalog.classification.text_dates import find_dates
from catalog.classification.text_groups import find_groups
from catalog.classification.text_identifiers import find_identifiers
from catalog.classification.text_names import find_names
from catalog.classification.text_numbers import find_numbers
from catalog.classification.text_phones import find_phones
from catalog.classification.text_spans import Span, settle
from catalog.classification.text_titles import find_titles

_FOR_NUMBERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    find_identifiers,
    find_phones,
    find_ages,
)
_FOR_WORDS: tuple[Callable[[str], Iterator[Span]], ...] = (find_numbers, find_dates, find_groups, find_titles)


def recognize_text(text: str, *, cased: str, entities: Iterable[tuple[int, int, str]]) -> list[Span]:
    """The entities of one text, in order and without overlap.

    `cased` is the text with capitals where names should have them, of the same length; `entities` are what the
    language model found in it, as (start, end, label).
    """
    claims = [span for find in _FOR_WORDS for span in find(text)]
    claims += find_names(cased, entities)
    if any(map(str.isdigit, text)):
        claims += [span for find in _FOR_NUMBERS for span in find(text)]
        claims += find_addresses(cased)
        claims += find_codes(cased)
    return settle(claims)
