"""What an officer does with a request: each a button, or a page that asks for a word more."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from erasure import asking
from erasure.forms import AnswerForm, ConfirmIdentityForm, IdentifierForm, TellingReasonForm, spread
from erasure.models import Plan, SubjectRequest
from erasure.requests import closing, identifying, identity, intake, starting
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

View = Callable[..., HttpResponseBase]


def refusals_shown(view: View) -> View:
    """NotNow becomes a page that says why, 409; nothing was changed."""

    @wraps(view)
    def answer(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotNow as reason:
            back = get_object_or_404(SubjectRequest, pk=kwargs["pk"])
            context = {"title": "Not possible now", "reason": str(reason), "back": back}
            return page(request, "erasure/conflict.html", context, status=409)

    return answer


@allow("requests.handle")
@require_POST
@refusals_shown
def identity_link(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    identity.send_link(found)
    messages.success(request, "A link is on its way to the person. It works once, for 72 hours.")
    return redirect(found)


@allow("requests.handle")
@require_POST
@refusals_shown
def identity_code(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    identity.send_code(found)
    messages.success(
        request, "A code is on its way to the person, with the page to enter it. It works for 15 minutes."
    )
    return redirect(found)


@allow("requests.handle")
@require_POST
@refusals_shown
def search(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    starting.search(found)
    return redirect(found)


@allow("requests.handle")
@require_POST
@refusals_shown
def plan_make(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    starting.plan(found)
    return redirect(found)


@allow("requests.handle")
@require_POST
@refusals_shown
def package_make(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    starting.package(found)
    return redirect(found)


@allow("requests.handle")
@refusals_shown
def identity_confirm(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        ConfirmIdentityForm(request.POST or None),
        lambda how: identity.confirm_by_officer(found, how=how),
        title="Confirm the identity",
        lead="You vouch that the person who asks is the person meant, and that all identifiers given are theirs.",
        submit="Confirm the identity",
    )


@allow("requests.handle")
@refusals_shown
def identifier_add(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        IdentifierForm(request.POST or None),
        lambda category, value: identifying.identify(found, category, value),
        title="Add an identifier",
        lead="Only what you have established to be the person’s own: the next search looks for it as well. "
        "It is stored encrypted, and destroyed 30 days after the request has ended.",
        submit="Add the identifier",
    )


@allow("requests.handle")
@refusals_shown
def extend(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    until = intake.deadline(found.regime, found.received_at, extended=True)
    return ask(
        request,
        found,
        TellingReasonForm(request.POST or None),
        lambda reason: closing.extend(found, reason=reason),
        title="Extend the deadline",
        lead=f"From {found.due_on:%-d %B %Y} to {until:%-d %B %Y}, once, where the request is complex or there are "
        "many. The person is told at once.",
        submit="Extend the deadline",
    )


@allow("requests.handle")
@refusals_shown
def reject(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        TellingReasonForm(request.POST or None),
        lambda reason: closing.reject(found, reason=reason, by=request.user),
        title="Reject the request",
        lead="The request ends without doing what it asks. The person is told why, and where to complain.",
        submit="Reject the request",
        danger=True,
    )


@allow("requests.handle")
@refusals_shown
def question_answer(request: StaffRequest, pk: int, question: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    asked = get_object_or_404(found.questions.select_related("request", "data_set__system"), pk=question)
    return ask(
        request,
        found,
        AnswerForm(request.POST or None),
        lambda answer, reason: asking.answer(asked, answer=answer, reason=reason, by=request.user),
        title="Whose rows are these?",
        lead=f"{asked} If they are this person’s, the next search takes them all. If the identifier is a placeholder, "
        "or others’ too, it is not looked for in this data set; then add what tells the person apart.",
        submit="Answer",
    )


def ask(
    request: StaffRequest,
    found: SubjectRequest,
    form: forms.Form,
    verb: Callable[..., object],
    *,
    title: str,
    lead: str,
    submit: str,
    danger: bool = False,
    below: Plan | None = None,
) -> HttpResponse:
    """A form under a sentence; `verb` gets what was filled in. Then back to the request, or to the plan `below` it."""
    back = below or found
    if request.method == "POST" and form.is_valid():
        try:
            verb(**form.cleaned_data)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            return redirect(back)
    context = {
        "title": title,
        "asked": found,
        "plan": below,
        "form": form,
        "lead": lead,
        "submit": submit,
        "danger": danger,
        "cancel_url": back.get_absolute_url(),
    }
    return page(request, "erasure/ask.html", context, status=422 if form.errors else 200)
