"""Getting values of a job back: for officers, with a reason, shown once, each time in the ledger."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.anonymization.forms import RecoverForm
from retention.anonymization.models import Run
from retention.anonymization.recovering import columns, recover
from retention.anonymization.techniques.base import TechniqueError
from retention.vault.asking import TooMany
from retention.vault.forms import show


@allow("vault.detokenize")
def recovery(request: StaffRequest, pk: str) -> HttpResponse:
    run = get_object_or_404(Run, pk=pk)
    form = RecoverForm(request.POST or None, columns=list(columns(run)))
    answers, status, wait = None, 200, 0
    if request.method == "POST" and form.is_valid():
        try:
            answers = recover(run, **form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            show(refusal, form)
        except TechniqueError as problem:
            form.add_error(None, str(problem))
        except TooMany as refusal:
            form.add_error(None, str(refusal))
            status, wait = 429, refusal.seconds
    context = {
        "title": "Get values back",
        "run": run,
        "form": form,
        "answers": answers,
        "again_url": reverse("anonymization:recover", args=[run.pk]),
    }
    response = page(
        request,
        "anonymization/recover.html",
        context,
        status=422 if form.errors and status == 200 else status,
    )
    response["Cache-Control"] = "no-store, private"
    if wait:
        response["Retry-After"] = str(wait)
    return response
