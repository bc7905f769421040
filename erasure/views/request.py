"""The page of one request: its way so far, the next thing to do, and what was found."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from erasure.answers.panels import panel_of
from erasure.delivering import as_download
from erasure.finding import beyond_reach
from erasure.models import WITH_ROWS, Package, Plan, SubjectRequest
from erasure.offering import handling_things, next_thing, other_things
from erasure.requests.grouping import same_person
from erasure.requests.regimes import regimes
from erasure.requests.revealing import Shown, masked_identifiers, reveal
from erasure.routes import with_routes
from erasure.stages import proof_url, stages
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

MOST_OTHERS = 50


@allow("requests.view")
def show(request: StaffRequest, pk: int) -> HttpResponse:
    found = _request(pk)
    return request_page(request, found, identifiers=masked_identifiers(found))


@allow("requests.handle")
@require_POST
@never_cache
def identifiers(request: StaffRequest, pk: int) -> HttpResponse:
    """The page with the identifiers in clear, this once; the ledger says who looked."""
    found = _request(pk)
    return request_page(request, found, identifiers=reveal(found), revealed=True)


@allow("requests.view")
@never_cache
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """How far the job at work is; once none is, the browser loads the page anew."""
    found = _request(pk)
    if not found.job or found.job.finished:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return page(request, "erasure/_progress.html", {"job": found.job})


@allow("packages.read")
@require_POST
def package_download(request: StaffRequest, pk: int) -> HttpResponseBase:
    package = get_object_or_404(Package.objects.select_related("request"), request=pk)
    if not package.available:
        context = {"reason": "The package has expired.", "back": package.request, "title": "Not possible now"}
        return page(request, "erasure/conflict.html", context, status=409)
    return as_download(package)


def request_page(
    request: StaffRequest, found: SubjectRequest, *, identifiers: list[Shown], revealed: bool = False
) -> HttpResponse:
    hits = found.hits.filter(WITH_ROWS | Q(accessed__gt=0)).select_related("data_set__system")
    plans = list(found.plans.select_related("made_by", "decided_by").prefetch_related("steps"))
    context = {
        "title": found.reference,
        "asked": found,
        "regime": regimes().get(found.regime),
        "stages": stages(found),
        "next": next_thing(found, request.user),
        "others": other_things(found, request.user),
        "handling": handling_things(found, request.user),
        "same_person": list(same_person(found)[:MOST_OTHERS]),
        "may_handle": request.user.may("requests.handle"),
        "tabs": tabs(found, "request"),
        "at_work": bool(found.job and not found.job.finished),
        "identifiers": identifiers,
        "revealed": revealed,
        "may_reveal": request.user.may("requests.handle") and not revealed,
        "hits": with_routes(hits),
        "beyond_reach": beyond_reach() if found.searched_at else [],
        "questions": found.questions.select_related("data_set__system", "answered_by"),
        "may_answer": request.user.may("requests.handle"),
        "plans": plans,
        "blocked": plans[0] if plans and plans[0].state == Plan.State.BLOCKED and not found.ended else None,
        "package": getattr(found, "package", None),
        "panel": panel_of(found, request.user),
        "proof_url": proof_url(found),
        "ledger_url": _ledger_url(found) if request.user.may("ledger.view") else "",
    }
    return page(request, "erasure/request.html", context)


def tabs(found: SubjectRequest, current: str) -> list[dict[str, Any]]:
    return [
        {"label": "Request", "url": found.get_absolute_url(), "current": current == "request", "count": None},
        {
            "label": "Correspondence",
            "url": reverse("erasure:correspondence", args=[found.pk]),
            "current": current == "correspondence",
            "count": found.letters.count() + found.notes.count() + found.files.count(),
        },
    ]


def _request(pk: int) -> SubjectRequest:
    related = ("handled_by", "assigned_to", "duplicate_of", "job", "package")
    return get_object_or_404(SubjectRequest.objects.select_related(*related), pk=pk)


def _ledger_url(found: SubjectRequest) -> str:
    """All that the ledger says of this person; empty where no ledger page is installed."""
    try:
        return f"{reverse('ledger:entries')}?{urlencode({'subject': found.subject})}"
    except NoReverseMatch:
        return ""
