"""The list of requests, a new one, and the card on the overview."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.forms import BaseFormSet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from erasure.filters import RequestFilter, by_urgency, overdue, target_missed
from erasure.forms import IdentifierFormSet, RequestForm, spread
from erasure.models import SubjectRequest
from erasure.requests import intake
from erasure.requests.assigning import officers
from governance.console.http import StaffRequest
from governance.console.listing import Bulk, Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow

SHOWN = 5
REQUESTS = [
    ListColumn("reference", "Reference", sort="pk", link=SubjectRequest.get_absolute_url),
    ListColumn("kind", "Kind", sort=True, value="get_kind_display"),
    ListColumn("state", "State", sort=True, template="erasure/_state.html"),
    ListColumn("due_on", "Due", sort=True, template="erasure/_due.html"),
    ListColumn("target_on", "Target", on_page=False),
    ListColumn("regime", "Law", sort=True, on_page=False),
    ListColumn("acknowledge_by", "Acknowledge by", on_page=False),
    ListColumn("acknowledged_at", "Acknowledged", on_page=False),
    ListColumn("extended", "Extended", on_page=False),
    ListColumn("paused_at", "Paused since", on_page=False),
    ListColumn("paused_days", "Days paused", on_page=False),
    ListColumn("assigned_to", "Assigned to", value="assigned_to.display_name", wraps=True),
    ListColumn("channel", "Channel", sort=True, value="get_channel_display", on_page=False),
    ListColumn(
        "handled_by",
        "Entered by",
        value="handled_by.display_name",
        template="erasure/_entered_by.html",
        wraps=True,
        on_page=False,
    ),
    ListColumn("received_at", "Received", sort=True),
    ListColumn("closed_at", "Ended", sort=True),
]


@allow("requests.view")
def requests(request: StaffRequest) -> HttpResponseBase:
    may_add = request.user.may("requests.handle")
    return listing(
        request,
        by_urgency(SubjectRequest.objects.select_related("handled_by", "assigned_to")),
        filterset=RequestFilter,
        columns=REQUESTS,
        title="Requests",
        template="erasure/requests.html",
        context={"may_add": may_add, "may_configure": request.user.may("requests.configure")}
        | ({"officers": officers(), "me": request.user} if may_add else {}),
        bulk=_bulk(may_approve=request.user.may("plans.approve")) if may_add else None,
        empty=Empty(
            "No requests yet",
            "What people ask for comes here from the public form, or is entered by an officer.",
            "Enter a request" if may_add else "",
            reverse("erasure:request_add") if may_add else "",
            icon="user-question",
        ),
    )


def _bulk(*, may_approve: bool) -> Bulk:
    approve = [("approve", "Approve plans")] if may_approve else []
    return Bulk(
        reverse("erasure:requests_bulk"),
        [("assign", "Assign"), ("acknowledge", "Acknowledge"), *approve],
        template="erasure/_bulk_officer.html",
    )


@allow("requests.handle")
def request_add(request: StaffRequest) -> HttpResponse:
    form = RequestForm(request.POST or None)
    others = IdentifierFormSet(request.POST or None, prefix="others")
    if request.method == "POST" and all([form.is_valid(), others.is_valid()]):
        try:
            received = intake.receive(
                kind=form.cleaned_data["kind"],
                identifiers=_identifiers(form, others),
                channel=SubjectRequest.Channel.OFFICER,
                regime=form.cleaned_data["regime"],
                ground=form.cleaned_data["ground"],
                language=form.cleaned_data["language"],
                handled_by=request.user,
            )
        except intake.AlreadyOpen as known:
            messages.warning(request, str(known))
            return redirect(known.request)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            messages.success(
                request, f"{received} is received. Its answer is due by {received.due_on:%-d %B %Y}."
            )
            return redirect(received)
    failed = form.errors or others.total_error_count()
    context = {"title": "New request", "form": form, "others": others}
    return page(request, "erasure/request_add.html", context, status=422 if failed else 200)


@allow("requests.view")
def card_requests(request: StaffRequest) -> HttpResponse:
    """What is open, by state; what is overdue; what is due next."""
    pending = SubjectRequest.objects.exclude(state__in=SubjectRequest.ENDED)
    url = reverse("erasure:requests")
    by_state = dict(pending.order_by().values_list("state").annotate(count=Count("pk")))
    context = {
        "title": "Requests",
        "url": url,
        "figure": sum(by_state.values()),
        "figure_label": "open",
        "states": [
            (state, state.label, by_state[state], f"{url}?state={state.value}")
            for state in SubjectRequest.State
            if state in by_state
        ],
        "overdue": pending.filter(overdue()).count(),
        "overdue_url": f"{url}?overdue=true",
        "missed": pending.filter(target_missed()).exclude(overdue()).count(),
        "missed_url": f"{url}?target_missed=true",
        "paused": pending.filter(paused_at__isnull=False).count(),
        "paused_url": f"{url}?paused=true",
        "next_due": by_urgency(pending)[:SHOWN],
    }
    return page(request, "erasure/card_requests.html", context)


def _identifiers(form: RequestForm, others: BaseFormSet) -> list[tuple[str, str]]:
    rest = [(given["category"], given["value"]) for given in others.cleaned_data if given.get("value")]
    email = form.cleaned_data["email"]
    return [*([(intake.EMAIL, email)] if email else []), *rest]
