"""How the values of a report look, on the page and in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from audit.reports.base import Section, Value
from audit.reports.renderers.base import shown

register = template.Library()
NOTHING = mark_safe('<span class="none" aria-label="none">–</span>')
HASH_LENGTH = 32
LONG_NAME = re.compile(r"[\w./-]{16,}")


@register.filter
def plain(value: Value) -> str | SafeString:
    """A value with exact times, a dash for nothing, one line per line and per part of a list."""
    if isinstance(value, int) and not isinstance(value, bool):
        return intcomma(value)
    if isinstance(value, (list, tuple)) and len(value) > 1 and any(" " in part for part in value):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((part,) for part in value)))
    text = shown(value).strip().replace(" UTC", "\u00a0UTC")
    if not text:
        return NOTHING
    if len(text) >= HASH_LENGTH and " " not in text:
        return format_html("<code>{}</code>", text)
    return mark_safe(LONG_NAME.sub(breakable, escape(text)).replace("\n", "<br>"))  # noqa: S308  escaped


def breakable(name: re.Match) -> str:
    """A long name, such as `public.invoice_line`, may go on in the next line after each of its parts."""
    return re.sub(r"(?<=[./_-])(?=\w)", "<wbr>", name[0])


@register.filter
def numeric(section: Section) -> list[bool]:
    """For each column, whether all its values are numbers."""
    return [
        any(row[at] is not None for row in section.rows)
        and all(
            row[at] is None or (isinstance(row[at], int) and not isinstance(row[at], bool))
            for row in section.rows
        )
        for at in range(len(section.columns))
    ]


@register.filter
def beside(values: Iterable[Any], others: Iterable[Any]) -> list[tuple[Any, Any]]:
    return list(zip(values, others, strict=True))


@register.filter
def first_rows(section: Section, limit: int | None) -> Any:
    return section.rows if limit is None else section.rows[:limit]
