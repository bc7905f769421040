"""A form under a sentence, and refusals as a page: shared by the views of this app."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from erasure.forms import spread
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.pages import page

View = Callable[..., HttpResponseBase]


class Addressed(Protocol):
    def get_absolute_url(self) -> str: ...


def refusals_shown(finding: Callable[..., Addressed]) -> Callable[[View], View]:
    """NotNow becomes a page that says why, 409; `finding` gets the view's arguments and says where to go back."""

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except NotNow as reason:
                back = finding(request, *args, **kwargs)
                context = {"title": "Not possible now", "reason": str(reason), "back": back}
                return page(request, "custodians/conflict.html", context, status=409)

        return answer

    return wrap


def ask(
    request: StaffRequest,
    form: forms.Form,
    verb: Callable[..., object],
    *,
    back: Addressed,
    title: str,
    lead: str,
    submit: str,
    danger: bool = False,
) -> HttpResponse:
    """`verb` gets what was filled in; then back."""
    if request.method == "POST" and form.is_valid():
        try:
            verb(**form.cleaned_data)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            return redirect(back.get_absolute_url())
    context = {
        "title": title,
        "form": form,
        "lead": lead,
        "submit": submit,
        "danger": danger,
        "back": back,
        "cancel_url": back.get_absolute_url(),
    }
    return page(request, "custodians/ask.html", context, status=422 if form.errors else 200)
