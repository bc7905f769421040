"""What the filters of a list say: the applied ones as removable chips, the unreadable ones as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    value: str
    query: str  # the query string without this filter


def filter_errors(filtered: django_filters.FilterSet) -> list[str]:
    """One sentence per filter value that cannot be read; empty if all can."""
    if filtered.is_valid():
        return []
    form = filtered.form
    return [
        f"{form.fields[name].label or name}: {message}" if name in form.fields else str(message)
        for name, messages in form.errors.items()
        for message in messages
    ]


def query_string(query: QueryDict, **changes: str | list[str] | None) -> str:
    """The query that means the same without its empty parameters, with `changes` (None takes one away)."""
    kept = query.copy()
    for name, value in changes.items():
        kept.setlist(name, value if isinstance(value, list) else [value or ""])
    for name, values in list(kept.lists()):
        kept.setlist(name, [value for value in values if value])
    text = kept.urlencode()
    return f"?{text}" if text else ""


def chips(filtered: django_filters.FilterSet, query: QueryDict) -> list[Chip]:
    """The applied filters in the order of the form, one chip for each value."""
    return [chip for bound in filtered.form for chip in _chips_of(bound, filtered.form.cleaned_data, query)]


def _chips_of(bound: forms.BoundField, cleaned: dict[str, Any], query: QueryDict) -> Iterator[Chip]:
    value = cleaned.get(bound.name)
    if value is None or value == "" or (hasattr(value, "__len__") and len(value) == 0):
        return
    label = str(bound.label)
    if isinstance(value, slice):  # a range: two parameters, one chip
        names = [name for name in query if name.startswith(f"{bound.name}_")]
        yield Chip(label, f"{_words(value.start)} to {_words(value.stop)}", _without(query, *names))
        return
    # The widget's choices are an iterable even where the field was given a callable.
    choices = dict(_flat(getattr(bound.field.widget, "choices", ())))
    for raw in filter(None, query.getlist(bound.name)):
        yield Chip(label, str(choices.get(raw, raw)), _without(query, bound.name, value=raw))


def _flat(choices: Any) -> Iterator[tuple[str, Any]]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from _flat(label)
        else:
            yield str(value), label


def _words(end: Any) -> str:
    return "…" if end is None else str(end)


def _without(query: QueryDict, *names: str, value: str | None = None) -> str:
    """`query` without `names` (or without that one `value` of them), back on the first page."""
    left: dict[str, Any] = {name: [v for v in query.getlist(name) if value and v != value] for name in names}
    return query_string(query, page=None, **left) or "?"
