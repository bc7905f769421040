"""Lists of words written as plain text, so that they read and diff as text; and how words are compared."""

from __future__ import annotations

import unicodedata

# Letters that Unicode does not take apart into a base and an accent.
_BASES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def words(text: str) -> frozenset[str]:
    """The words of `text`, which are separated by any white space."""
    return frozenset(text.split())


def fold(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_BASES))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
