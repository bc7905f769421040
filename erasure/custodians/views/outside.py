"""The doors for those who have no account: a custodian's own system that calls back, a recipient with a link."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.ledger.context import Actor, acting
from erasure.custodians import answering, calling_back
from erasure.custodians.asking import task_for
from erasure.custodians.forms import NoticeForm
from erasure.custodians.models import Task
from erasure.custodians.telling import reveal
from erasure.forms import spread
from erasure.limiting import limited
from erasure.public.pages import with_secret
from erasure.requests.states import NotNow
from governance.activities.models import Organisation
from governance.console.permissions import public

RECIPIENT = Actor("system", "recipient")


@public
@csrf_exempt  # no browser: what it does is signed
@require_POST
@limited("600/h", group="custodians.callback")
def callback(request: HttpRequest, task: UUID) -> HttpResponse:
    """403 for whatever is not genuine, 409 for a replay or after another answer, 422 for what cannot be read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > calling_back.LARGEST:
        return JsonResponse({"detail": "The body is too long."}, status=413)
    try:
        taken = calling_back.take(task, request.headers, request.body)
    except calling_back.Refused:
        return JsonResponse({"detail": "Not a genuine answer to a task of ours."}, status=403)
    except calling_back.Replayed:
        return JsonResponse({"detail": "This message was taken before."}, status=409)
    except NotNow as reason:
        return JsonResponse({"detail": str(reason)}, status=409)
    except ValidationError as refusal:
        return JsonResponse({"detail": " ".join(refusal.messages)}, status=422)
    return JsonResponse({"task": str(taken.public_id), "state": taken.state})


@with_secret
def notice(request: HttpRequest, secret: str) -> HttpResponse:
    """What a recipient is told. Whom it is about is shown by a button, and recorded; one answer ends the link."""
    task = task_for(secret)
    if task is None:
        return _page(request, "gone", "This link no longer works", status=410)
    with acting(RECIPIENT):
        if request.method == "POST" and "show" in request.POST:
            return _notice(request, task, NoticeForm(), shown=True)
        form = NoticeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                _answer(task, form)
            except NotNow:
                return _page(request, "gone", "This link no longer works", status=410)
            except ValidationError as refusal:
                spread(refusal, form)
            else:
                return _page(request, "thanks", "Thank you", task=task)
        return _notice(request, task, form)


def _answer(task: Task, form: NoticeForm) -> None:
    given = form.cleaned_data
    if given["state"] == Task.State.REFUSED:
        answering.refuse(task, exemption=given["exemption"], reason=given["note"], way="link")
    else:
        answering.confirm(task, state=given["state"], note=given["note"], way="link")


def _notice(request: HttpRequest, task: Task, form: NoticeForm, *, shown: bool = False) -> HttpResponse:
    return _page(
        request,
        "notice",
        "A notice about personal data",
        task=task,
        form=form,
        person=reveal(task) if shown else None,
        status=422 if form.errors else 200,
    )


def _page(
    request: HttpRequest, name: str, title: str, *, status: int = 200, **context: object
) -> HttpResponse:
    context |= {"title": title, "organisation": Organisation.objects.first()}
    folder = "public" if name == "gone" else "custodians"
    return render(request, f"{folder}/{name}.html", context, status=status)
