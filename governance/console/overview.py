"""The front page: the first run as a checklist, and the cards that each app serves itself.

Apps are named by url names only. What an installation does not have, or a person may not open, is left out.
"""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, resolve, reverse

from audit.ledger.models import Entry
from governance.console.models import User


@dataclass(frozen=True, slots=True)
class FirstStep:
    """Done once the ledger has an entry of `event`; `url_name` is the page where one does it."""

    event: str
    title: str
    text: str
    action: str
    url_name: str


@dataclass(frozen=True, slots=True)
class Card:
    """`url_name` serves the card, `leads_to` is the page behind it."""

    title: str
    url_name: str
    leads_to: str
    wide: bool = False


STEPS = (
    FirstStep(
        "system.added",
        "Connect a system",
        "A database, or a folder of files.",
        "Connect",
        "catalog:system_add",
    ),
    FirstStep("system.scanned", "Scan it", "Find the columns with personal data.", "Scan", "catalog:systems"),
    FirstStep(
        "columns.reviewed",
        "Review what was found",
        "Every column counts as personal until somebody has looked.",
        "Review",
        "catalog:columns",
    ),
    FirstStep(
        "activity.added",
        "Record an activity",
        "Say why the data are processed, as Article 30 asks.",
        "Record",
        "activities:activities",
    ),
    FirstStep(
        "request.received",
        "Answer a request",
        "Find a person, hand over or erase their data, and prove it.",
        "Answer",
        "erasure:requests",
    ),
)
CARDS = (
    Card("Requests", "erasure:card_requests", "erasure:requests", wide=True),
    Card("Review", "catalog:card_review", "catalog:columns"),
    Card("Systems", "catalog:card_systems", "catalog:systems"),
    Card("Activities", "activities:card", "activities:activities"),
    Card("Anonymization", "anonymization:card", "anonymization:jobs"),
    Card("Retention", "policies:card", "policies:due"),
    Card("Holds", "retention:card", "retention:holds"),
    Card("Integrity", "ledger:integrity_card", "ledger:integrity"),
    Card("Ledger", "ledger:card", "ledger:entries", wide=True),
)
# About one data set, on its own page; each is given its primary key.
DATA_SET_CARDS = (
    Card("Risk", "risk:data_set_card", "risk:assessments"),
    Card("Privacy budget", "statistics:data_set_card", "statistics:budgets"),
    Card("Anonymized copies", "anonymization:data_set_card", "anonymization:jobs"),
    Card("Retention", "policies:data_set_card", "policies:policies"),
    Card("Legal hold", "retention:data_set_card", "retention:holds"),
)
# Beside the lineage of one data set; each is given its primary key.
LINEAGE_CARDS = (Card("Recomputation", "recomputing:card", "recomputing:recomputations"),)


def reachable(user: User, url_name: str, *args: Any) -> str:
    """The URL of that name if some app serves it and the view's own mark opens it to `user`; else empty."""
    try:
        url = reverse(url_name, args=args)
    except NoReverseMatch:
        return ""
    permission = getattr(resolve(url).func, "permission", None)
    return url if permission and user.may(permission) else ""


def cards(user: User) -> list[dict[str, Any]]:
    """The cards that `console/dashboard.html` loads for this person."""
    return _loaded(user, CARDS)


def data_set_cards(user: User, data_set: int) -> list[dict[str, Any]]:
    """The cards that the page of the data set with this primary key loads for this person."""
    return _loaded(user, DATA_SET_CARDS, data_set)


def lineage_cards(user: User, data_set: int) -> list[dict[str, Any]]:
    """The cards that the page of the data set's lineage loads for this person."""
    return _loaded(user, LINEAGE_CARDS, data_set)


def _loaded(user: User, shown: tuple[Card, ...], *args: Any) -> list[dict[str, Any]]:
    return [
        {"title": card.title, "url": url, "href": reachable(user, card.leads_to), "wide": card.wide}
        for card in shown
        if (url := reachable(user, card.url_name, *args))
    ]


def checklist(user: User) -> list[dict[str, str]]:
    """The first steps for `ui/steps.html`, the next one marked; empty once the ledger has seen all of them."""
    done = {step for step in STEPS if Entry.objects.filter(action=step.event).exists()}
    following = next((step for step in STEPS if step not in done), None)
    if following is None:
        return []
    return [
        {
            "title": step.title,
            "text": step.text,
            "state": "done" if step in done else "current" if step is following else "waiting",
            "url": reachable(user, step.url_name),
            "action": "" if step in done else step.action,
        }
        for step in STEPS
    ]
