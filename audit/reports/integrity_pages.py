"""Whether the ledger can be believed: checkpoints, witnesses, export, alarms, and the proof of one entry."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit.ledger import guarding, proofs
from audit.ledger.alarming import settle
from audit.ledger.models import Alarm, Checkpoint, Entry, KeyChange, KeyProposal, Segment, Verification
from audit.ledger.signing import signing_key
from audit.ledger.witnessing import witnesses
from audit.ledger.worm.base import WormProblem
from audit.ledger.worm.places import place
from audit.reports.integrity_forms import SettleForm
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

LATEST = 10


@allow("ledger.view")
def integrity(request: StaffRequest) -> HttpResponse:
    return _page(request)


@allow("ledger.view")
def card(request: HttpRequest) -> HttpResponse:
    """Green only if the ledger was verified lately and nothing stands against it."""
    found = guarding.integrity()
    context = {
        "title": "Integrity",
        "url": reverse("ledger:integrity"),
        "figure": found.verification.size if found.verification else None,
        "figure_label": "entries verified",
        "found": found,
    }
    return page(request, "ledger/integrity_card.html", context)


@allow("ledger.guard")
@require_POST
def sign(request: StaffRequest) -> HttpResponse:
    made = guarding.sign()
    if made is None:
        messages.error(request, "The ledger and its last checkpoint part ways: nothing was signed.")
    else:
        messages.success(request, f"Signed: {made.size} entries.")
    return redirect("ledger:integrity")


@allow("ledger.guard")
@require_POST
def export(request: StaffRequest) -> HttpResponse:
    try:
        written = guarding.export_now()
    except WormProblem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(
            request, f"{len(written)} segments written and read back." if written else "Nothing new."
        )
    return redirect("ledger:integrity")


@allow("ledger.guard")
@require_POST
def alarm_settle(request: StaffRequest, pk: int) -> HttpResponse:
    alarm = get_object_or_404(Alarm, pk=pk)
    form = SettleForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, about=alarm.pk, status=422)
    try:
        settle(alarm, how=form.cleaned_data["how"])
    except ValidationError as refusal:
        messages.warning(request, " ".join(refusal.messages))
    return redirect("ledger:integrity")


@allow("ledger.view")
def proof(request: StaffRequest, number: int) -> HttpResponse:
    """The proof that an entry is in the ledger, as a file; a checkpoint is signed first where none covers it yet."""
    entry = get_object_or_404(Entry, number=number)
    checkpoint = proofs.covering(number) or guarding.sign()
    if checkpoint is None:
        messages.error(request, "The ledger and its last checkpoint part ways: nothing is proven.")
        return redirect("ledger:entry", entry.number)
    name = f'attachment; filename="entry-{number}.tlog-proof"'
    return HttpResponse(
        proofs.proof_of(number, checkpoint),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": name},
    )


def _page(
    request: StaffRequest, *, form: SettleForm | None = None, about: int = 0, status: int = 200
) -> HttpResponse:
    found = guarding.integrity()
    where = place()
    context = {
        "title": "Integrity of the ledger",
        "found": found,
        "alarms": [
            (alarm, form if form and alarm.pk == about else SettleForm(prefix="")) for alarm in found.alarms
        ],
        "settled": Alarm.objects.exclude(settled_at=None)[:LATEST],
        "checkpoints": Checkpoint.objects.select_related("stamp").prefetch_related("cosignatures")[:LATEST],
        "segments": Segment.objects.all()[:LATEST],
        "verifications": Verification.objects.all()[:LATEST],
        "key": str(signing_key().verifier),
        "changes": KeyChange.objects.select_related("proposal"),
        "proposed": KeyProposal.objects.filter(state=KeyProposal.State.PROPOSED).first(),
        "authority": settings.LEDGER_TSA,
        "witnesses": witnesses(),
        "place": where.label if where else "",
        "may_guard": request.user.may("ledger.guard"),
        "may_change_key": request.user.may("ledger.keys"),
    }
    return page(request, "ledger/integrity.html", context, status=status)
