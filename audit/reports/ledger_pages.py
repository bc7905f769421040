"""The ledger to browse, one entry with all that proves it, and the check of the whole chain."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from audit.ledger import chain, guarding
from audit.ledger.events import EVENTS
from audit.ledger.models import Entry, Head
from audit.ledger.recording import record
from audit.ledger.sealed import open_facts
from audit.reports.ledger_events import LEDGER_VERIFIED
from audit.reports.ledger_filters import EntryFilter
from governance.console import people
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from governance.console.templatetags.people import named

SHOWN_ON_CARD = 5


@allow("ledger.view")
def entries(request: HttpRequest) -> HttpResponseBase:
    return listing(
        request,
        Entry.objects.all(),
        filterset=EntryFilter,
        columns=columns(people.names()),
        title="Ledger",
        template="ledger/entries.html",
        empty=Empty(
            "Nothing has happened yet", "Every action stands here, from the first on.", icon="list-check"
        ),
    )


def columns(names: Mapping[str, str]) -> list[ListColumn]:
    return [
        ListColumn("number", "Entry", sort=True, numeric=True, link=_url),
        ListColumn("at", "When"),
        ListColumn(
            "actor", "Who", value=lambda entry: named(entry.actor, names), template="ledger/_actor.html"
        ),
        ListColumn("action", "What", value=title, link=_url),
        ListColumn("object", "On", value=about, wraps=True),
        ListColumn("subject", "Person", template="ledger/_subject.html"),
    ]


@allow("ledger.view")
def entry(request: StaffRequest, number: int) -> HttpResponse:
    shown = get_object_or_404(Entry, number=number)
    before = Entry.objects.filter(number=number - 1).first()
    context = {
        "title": f"Entry {number}",
        "entry": shown,
        "content": shown.content,
        "facts": list(open_facts(shown, allowed=request.user.may("requests.handle")).items()),
        "said": title(shown),
        "object_url": _object_url(shown),
        "before": before,
        "after": Entry.objects.filter(number=number + 1).first(),
        "hashes": [
            ("Leaf: SHA-256(0x00 ‖ canonical bytes)", bytes(shown.leaf).hex()),
            ("Chain value before", (bytes(before.chain) if before else chain.EMPTY_CHAIN).hex()),
            ("Chain value: SHA-256(0x01 ‖ before ‖ leaf)", bytes(shown.chain).hex()),
        ],
        "holds": _holds(shown, before),
    }
    return page(request, "ledger/entry.html", context)


@allow("ledger.view")
def entry_body(request: HttpRequest, number: int) -> HttpResponse:
    """The canonical bytes as they are hashed."""
    shown = get_object_or_404(Entry, number=number)
    name = f'attachment; filename="entry-{number}.json"'
    return HttpResponse(
        bytes(shown.body), content_type="application/json", headers={"Content-Disposition": name}
    )


@allow("ledger.view")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    return page(request, "ledger/verdict.html", {"title": "Check of the ledger", "verdict": check()})


@allow("ledger.view")
def card(request: HttpRequest) -> HttpResponse:
    names = people.names()
    latest = Entry.objects.order_by("-number")[:SHOWN_ON_CARD]
    context = {
        "title": "Ledger",
        "url": reverse("ledger:entries"),
        "figure": Head.objects.get(pk=1).size,
        "figure_label": "entries",
        "latest": [(item, named(item.actor, names), title(item)) for item in latest],
    }
    return page(request, "ledger/card.html", context)


def check() -> chain.Verdict:
    """Verify the whole chain; that it was checked, and what came of it, is recorded."""
    verdict = chain.verify(checkpoints=True)
    guarding.keep(verdict)
    with transaction.atomic():
        record(LEDGER_VERIFIED, intact=verdict.intact, entries=verdict.checked, chain=verdict.chain)
    return verdict


def title(item: Entry) -> str:
    """What happened in words; the bare key of an event that this version does not know."""
    event = EVENTS.get(item.action)
    return event.title if event else item.action


def about(item: Entry) -> str:
    """The name of the object; of staff, who have none in the ledger, what and which it is."""
    name = item.content["object"]["name"]
    if name or not item.object_type:
        return name
    try:
        noun = str(apps.get_model(item.object_type)._meta.verbose_name).capitalize()
    except (LookupError, ValueError):
        return item.object_type
    return f"{noun} {item.object_id}"


def _url(item: Entry) -> str:
    return reverse("ledger:entry", args=[item.number])


def _holds(shown: Entry, before: Entry | None) -> bool:
    """Whether this entry fits its own content and the entry before it; what `verify` says of all of them."""
    if before is None and shown.number > 0:
        return False
    link = bytes(before.chain) if before else chain.EMPTY_CHAIN
    leaf = chain.leaf_hash(bytes(shown.body))
    return bytes(shown.leaf) == leaf and bytes(shown.chain) == chain.chain_hash(link, leaf)


def _object_url(shown: Entry) -> str:
    """Where the object of the entry is to be seen, if it is still there and has a page."""
    try:
        model: Any = apps.get_model(shown.object_type)
        found = model._default_manager.filter(pk=shown.object_id).first()
        return found.get_absolute_url() if found else ""
    except (LookupError, ValueError, ValidationError, AttributeError, NoReverseMatch):
        return ""
