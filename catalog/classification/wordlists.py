"""Lists of words written as plain text, so that they read and diff as text."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of `text`, which are separated by any white space."""
    return frozenset(text.split())
