"""Corrections, restrictions and objections: what an officer enters, decides and carries out."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from erasure.answers import objecting, restricting, stating
from erasure.answers.forms import (
    CorrectionForm,
    DecisionForm,
    LiftingForm,
    MarkForm,
    ObjectionForm,
    StatementForm,
)
from erasure.answers.models import Correction, Mark, Objection
from erasure.forms import spread
from erasure.models import SubjectRequest
from erasure.views.handling import ask, refusals_shown
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.policies.tabs import retention_tabs


@allow("requests.handle")
@refusals_shown
def correction_add(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        CorrectionForm(request.POST or None),
        lambda **given: stating.state(found, **given, by=request.user),
        title="State what is wrong",
        lead="Wherever the person’s rows hold what is wrong, it becomes what is right. Both are stored encrypted, "
        "and destroyed 30 days after the request has ended.",
        submit="State it",
    )


@allow("requests.handle")
@require_POST
@refusals_shown
def correction_remove(request: StaffRequest, pk: int, correction: int) -> HttpResponse:
    stated = get_object_or_404(Correction.objects.select_related("request"), pk=correction, request=pk)
    stating.withdraw(stated)
    return redirect(stated.request)


@allow("requests.handle")
@refusals_shown
def statement(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        StatementForm(request.POST or None),
        lambda text: stating.note_statement(found, text=text),
        title="Note a supplementary statement",
        lead="Where data are incomplete, the person may have them completed by a statement, Art. 16.",
        submit="Note it",
    )


@allow("requests.handle")
@refusals_shown
def lifting(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        LiftingForm(request.POST or None),
        lambda on, reason: restricting.tell_lifting(found, on=on, reason=reason, by=request.user),
        title="Tell the person that the restriction ends",
        lead="Art. 18(3): who has obtained a restriction is told before it is lifted. The letter goes out at once.",
        submit="Send the letter",
    )


@allow("requests.handle")
@require_POST
@refusals_shown
def lift(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    restricting.begin_lifting(found)
    return redirect(found)


@allow("requests.handle")
@refusals_shown
def objection_add(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        ObjectionForm(request.POST or None),
        lambda activity, marketing: objecting.enter(found, activity=activity, marketing=marketing),
        title="Enter what the person objects to",
        lead="One purpose at a time: each is decided on by itself.",
        submit="Enter it",
    )


@allow("requests.handle")
@refusals_shown
def objection_decide(request: StaffRequest, pk: int, objection: int) -> HttpResponse:
    objected = get_object_or_404(
        Objection.objects.select_related("request", "activity"), pk=objection, request=pk
    )
    return ask(
        request,
        objected.request,
        DecisionForm(request.POST or None),
        lambda state, reason: objecting.decide(objected, state=state, reason=reason, by=request.user),
        title=f"Decide on the objection to {objected.purpose}",
        lead="Upheld, unless you demonstrate compelling legitimate grounds that override the interests of the "
        "person, or the data are needed for legal claims, Art. 21(1).",
        submit="Decide",
    )


@allow("requests.handle")
@require_POST
@refusals_shown
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    objecting.settle(found, by=request.user)
    return redirect(found)


@allow("retention.view", POST="retention.manage")
def marks(request: StaffRequest) -> HttpResponse:
    """Which columns say that a row is restricted, and one more of them."""
    form = MarkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            restricting.declare_mark(**form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            messages.success(request, "Restrictions planned from now on set this mark.")
            return redirect("answers:marks")
    context = {
        "title": "Restriction marks",
        "tabs": retention_tabs(request.user, "answers:marks"),
        "marks": Mark.objects.select_related("data_set__system", "declared_by").order_by(
            "data_set__system__name", "data_set__name"
        ),
        "form": form,
        "may_manage": request.user.may("retention.manage"),
        "cancel_url": "",
    }
    return page(request, "answers/marks.html", context, status=422 if form.errors else 200)


@allow("retention.manage")
@require_POST
def mark_remove(request: StaffRequest, pk: int) -> HttpResponse:
    restricting.remove_mark(get_object_or_404(Mark.objects.select_related("data_set__system"), pk=pk))
    return redirect("answers:marks")
