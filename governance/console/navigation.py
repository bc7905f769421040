"""The nouns of the sidebar, in the order of the data's way; nobody's role may open more than nine of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Noun:
    label: str
    url_name: str
    permission: str
    icon: str
    key: str  # pressed after "g"
    also: tuple[str, ...] = ()  # names of pages that stand under it without being below its path


CATALOG = tuple(
    f"catalog:{name}"
    for name in ("data_sets", "links", "changes", "contracts", "lineage", "where_is", "transfers")
)
NOUNS = (
    Noun("Overview", "console:overview", "overview.view", "layout-dashboard", "o"),
    Noun("Systems", "catalog:systems", "systems.view", "database", "s"),
    Noun("Columns", "catalog:columns", "catalog.view", "columns-3", "c", also=CATALOG),
    Noun(
        "Activities",
        "activities:activities",
        "activities.view",
        "briefcase",
        "a",
        also=("custodians:recipients",),
    ),
    Noun("Anonymization", "anonymization:jobs", "anonymization.view", "spy", "n"),
    Noun("Retention", "policies:policies", "retention.view", "hourglass", "h", also=("retention:holds",)),
    Noun("Tasks", "custodians:tasks", "tasks.confirm", "checklist", "t"),
    Noun(
        "Requests",
        "erasure:requests",
        "requests.view",
        "user-question",
        "r",
        also=("protocols:received",),
    ),
    Noun("Reports", "reports:reports", "reports.view", "report-analytics", "p"),
    Noun("Ledger", "ledger:entries", "ledger.view", "list-check", "l"),
    Noun("People", "console:people", "people.manage", "users", "e", also=("protocols:agents",)),
)


@dataclass(frozen=True, slots=True)
class Entry:
    noun: Noun
    url: str
    current: bool


def entries(request: HttpRequest) -> list[Entry]:
    """The nouns this person may open; current is the deepest whose page the path is at or below."""
    user = request.user
    if not user.is_authenticated:
        return []
    reachable = [(noun, url) for noun in NOUNS if (url := _url(noun.url_name)) and user.may(noun.permission)]
    home = _url("console:overview")
    above = [
        url for _, url in reachable if request.path == url or (url != home and request.path.startswith(url))
    ]
    above += [url for noun, url in reachable if any(_below(request.path, _url(name)) for name in noun.also)]
    deepest = max(above, key=len, default=None)
    return [Entry(noun, url, url == deepest) for noun, url in reachable]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation` (a list of `Entry`), `search_url` and `product` (name and version)."""
    found = entries(request) if hasattr(request, "user") else []
    columns = next((entry.url for entry in found if entry.noun.url_name == "catalog:columns"), "")
    return {
        "navigation": found,
        "search_url": columns,
        "account_url": _url("console:account"),
        "jobs_url": _url("console:jobs"),
        "sign_out_url": _url("console:sign_out"),
        "public_request_url": _url("public:request"),
        "product": {"name": settings.PRODUCT_NAME, "version": settings.PRODUCT_VERSION},
    }


def _below(path: str, url: str) -> bool:
    return bool(url) and path.startswith(url)


def _url(name: str) -> str:
    """Its URL, or nothing where no app of this installation serves it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
