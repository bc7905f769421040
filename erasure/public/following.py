"""The person's own page: how far their request is, what we wrote, and what they can do about it.

The address was sent to them, and opens nothing of what is known about them: a package is fetched by a link of its own,
which this page only has sent to their mailbox again.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from audit.ledger.context import Actor, acting
from erasure.limiting import limited
from erasure.models import SubjectRequest
from erasure.packages import fetching
from erasure.public.forms import AppealForm, MessageForm
from erasure.public.messaging import take
from erasure.public.pages import gone, onwards, page, sent, spoken, with_secret
from erasure.public.wording import say
from erasure.requests import status
from erasure.requests.letters.wording import phrases
from erasure.requests.models import Letter, Note
from erasure.requests.noting import note
from erasure.requests.reopening import appeal, why_not_appealed
from erasure.requests.states import NotNow
from erasure.requests.withdrawing import withdraw
from erasure.rights import right_of
from erasure.stages import stages

State = SubjectRequest.State
SEEN = {"done": "done", "waiting": "waiting"}


@with_secret
def state(request: HttpRequest, token: str) -> HttpResponse:
    found = status.request_of(token)
    return _shown(request, found, token) if found else gone(request)


@with_secret
@limited("20/h", group="privacy.message", methods=("POST",))
def message(request: HttpRequest, token: str) -> HttpResponse:
    found = status.request_of(token)
    if found is None:
        return gone(request)
    form = MessageForm(*sent(request), language=spoken(request, found))
    if request.method != "POST" or not form.is_valid():
        return _shown(request, found, token, form=form)
    given = form.cleaned_data
    with acting(Actor("subject", found.subject)):
        try:
            take(found, text=given["message_text"], upload=given["message_file"])
        except ValidationError as refusal:
            if getattr(refusal, "code", "") == "many":
                form.add_error(None, form.say("status.message_many"))
            else:
                form.add_error("message_file", form.say("status.message_file_help"))
            return _shown(request, found, token, form=form)
    return _told(request, found, token, "status.message_thanks")


@with_secret
def take_back(request: HttpRequest, token: str) -> HttpResponse:
    found = status.request_of(token)
    if found is None:
        return gone(request)
    if request.method != "POST":
        return page(request, "withdraw", "status.withdraw", about=found, asked=found, token=token)
    with acting(Actor("subject", found.subject)):
        try:
            withdraw(found)
        except NotNow:
            return _told(request, found, token, "status.withdraw_late")
    return _told(request, found, token, "status.withdrawn")


@with_secret
@require_POST
def disagree(request: HttpRequest, token: str) -> HttpResponse:
    """An appeal against the answer, where the law has it; what the person says goes with it."""
    found = status.request_of(token)
    if found is None:
        return gone(request)
    form = AppealForm(request.POST, language=spoken(request, found))
    if not form.is_valid():
        return _shown(request, found, token, appealing=form)
    with acting(Actor("subject", found.subject)):
        try:
            _appeal(found, form.cleaned_data["appeal_text"])
        except NotNow:
            return _told(request, found, token, "status.appeal_late")
    return _told(request, found, token, "status.appeal_thanks")


@transaction.atomic
def _appeal(found: SubjectRequest, text: str) -> None:
    appeal(found)
    note(found, text=text, kind=Note.Kind.FROM_PERSON)


@with_secret
@limited("5/h", group="privacy.package_link", methods=("POST",))
@require_POST
def package_again(request: HttpRequest, token: str) -> HttpResponse:
    """Have a new link to the package sent to the mailbox; the page itself opens nothing."""
    found = status.request_of(token)
    package = getattr(found, "package", None)
    if found is None or package is None:
        return gone(request)
    with acting(Actor("subject", found.subject)):
        try:
            fetching.issue_again(package, by=None)
        except NotNow:
            return gone(request)
    return _told(request, found, token, "status.package_sent")


def _told(request: HttpRequest, found: SubjectRequest, token: str, sentence: str) -> HttpResponse:
    messages.info(request, say(spoken(request, found), sentence))
    return onwards(request, "public:status", token)


def _shown(
    request: HttpRequest,
    found: SubjectRequest,
    token: str,
    *,
    form: MessageForm | None = None,
    appealing: AppealForm | None = None,
) -> HttpResponse:
    language = spoken(request, found)
    package = getattr(found, "package", None)
    return page(
        request,
        "status",
        "status.title",
        about=found,
        asked=found,
        token=token,
        sentence=status.sentence_of(found),
        asks=phrases(language)["asks"][found.kind],
        way=_way(found),
        letters=found.letters.filter(state=Letter.State.SENT).order_by("-sent_at"),
        package=package if package and package.available else None,
        form=None if found.ended else form or MessageForm(language=language),
        appealing=appealing or AppealForm(language=language) if _may_appeal(found) else None,
        status=422 if (form and form.errors) or appealing else 200,
    )


def _way(found: SubjectRequest) -> list[dict[str, Any]]:
    """The stages by name, and how far each is; what staff reads beside them is left out."""
    told = zip(right_of(found.kind).way, stages(found), strict=True)
    return [{"name": name, "state": SEEN.get(stage["state"], "current")} for name, stage in told]


def _may_appeal(found: SubjectRequest) -> bool:
    return found.verified_at is not None and not why_not_appealed(found)
