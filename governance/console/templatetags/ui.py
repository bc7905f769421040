"""How values look on a page: states, moments, numbers, secrets and form controls."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms, template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince, timeuntil

register = template.Library()
FAR = 60  # days: a date farther away is told as it stands

# The tone of each state word. A badge always shows the word too: colour alone says nothing.
TONES = {
    "neutral": "queued,cancelled,received,rejected,closed,draft,released,none,never run,unknown,superseded,"
    "pending,suggested,revoked,gone,retired,destroyed,kept,replaced",
    "progress": "running,verified,searching,found,approved,executing,pseudonymous,in progress,scanning",
    "good": "in use,nothing due,done,complete,confirmed,active,intact,reachable,executed,ready,sent,safeguarded",
    "attention": "identity pending,planned,unreviewed,quasi,awaiting approval,proposed,stale,expired,due,conflict,"
    "not proven,to be retrained,due soon,held,restricted,paused,waiting,region unknown",
    "bad": "failed,residual found,overdue,unreachable,direct,broken,refused,locked,blocked,stopped,no safeguard",
    "special": "sensitive",
}
TONE_OF = {word: tone for tone, words in TONES.items() for word in words.split(",")}


@register.inclusion_tag("ui/badge.html")
def state_badge(state: Any, label: Any = None, count: int | None = None) -> dict[str, Any]:
    """`state` as a badge: a word and a tone. `label` says it otherwise than the state itself; `count`, how many."""
    word = str(getattr(state, "value", state) or "none").replace("_", " ").replace("-", " ").strip().lower()
    shown = str(label or getattr(state, "label", "") or word)
    return {"label": shown[:1].upper() + shown[1:], "tone": TONE_OF.get(word, "neutral"), "count": count}


@register.inclusion_tag("ui/time.html")
def relative_time(moment: date | datetime | None, now: datetime | None = None) -> dict[str, Any]:
    """`moment` as people say it ("3 hours ago", "in 2 days"), the exact one on hover and for machines."""
    if not moment:
        return {"text": "", "exact": "", "machine": ""}
    now = now or timezone.now()
    if not isinstance(moment, datetime):
        return {
            "text": _days(moment, timezone.localdate(now)),
            "exact": f"{moment:%-d %B %Y}",
            "machine": moment.isoformat(),
        }
    local = timezone.localtime(moment)
    if abs((now - moment).total_seconds()) < 60:
        text = "just now" if moment <= now else "in a moment"
    else:
        text = (
            f"{timesince(moment, now, depth=1)} ago"
            if moment <= now
            else f"in {timeuntil(moment, now, depth=1)}"
        )
    return {"text": text, "exact": f"{local:%-d %B %Y, %H:%M:%S %Z}", "machine": moment.isoformat()}


def _days(day: date, today: date) -> str:
    named = {0: "today", 1: "tomorrow", -1: "yesterday"}
    days = (day - today).days
    if days in named:
        return named[days]
    if abs(days) > FAR:
        return f"{day:%-d %b %Y}"
    return f"in {days} days" if days > 0 else f"{-days} days ago"


@register.filter
def display(value: Any) -> Any:
    """Any value as a list or definition shows it: a dash for nothing, moments relative, numbers grouped."""
    if value in (None, "", [], ()):
        return format_html('<span class="text-secondary" aria-label="{}">–</span>', "none")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (datetime, date)):
        return render_to_string("ui/time.html", relative_time(value))
    if isinstance(value, int):
        return intcomma(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(part) for part in value)
    return value


@register.filter
def masked(value: Any) -> str:
    """Enough of a personal value to recognize, not enough to read: `astrid@example.com` → `a•••@e•••`."""
    return "@".join(f"{part[:1]}•••" for part in str(value).split("@", 1)) if value else ""


@register.simple_tag
def control(field: BoundField, secret_set: bool = False) -> SafeString:
    """The widget of `field` with the classes of its kind, tied to its help and its error."""
    widget = field.field.widget
    classes = (widget.attrs.get("class"), _class_of(widget), "is-invalid" if field.errors else "")
    attrs: dict[str, str | bool] = {"class": " ".join(filter(None, classes))}
    described = [f"{field.auto_id}_help"] if field.help_text or secret_set else []
    described += [f"{field.auto_id}_error"] if field.errors else []
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if secret_set:
        attrs["placeholder"] = "set – replace?"
    empty = "Choose …" if field.field.required else "None"  # where Django has dashes
    return mark_safe(field.as_widget(attrs=attrs).replace(">---------<", f">{empty}<"))  # noqa: S308  a widget


def _class_of(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "choice"  # it lands on the box around them too
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Whether `field` is a set of inputs, so that its label is a legend."""
    return isinstance(field.field.widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))
