"""What a page offers to do with a request: the one next thing, and what else is possible now."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from erasure.answers.models import Preview
from erasure.models import Plan, SubjectRequest
from erasure.requests.closing import why_not_extended
from erasure.requests.identity import UNVERIFIED, may_ask
from erasure.requests.pausing import why_not_paused
from erasure.requests.reopening import why_not_appealed, why_not_reopened
from erasure.requests.starting import IN_FORCE, SEARCHABLE
from erasure.rights import right_of
from erasure.stages import proof_url
from governance.console.models import User

State = SubjectRequest.State


@dataclass(frozen=True, slots=True)
class Offer:
    """A button. `posts`: pressing it does it; otherwise it leads to a page that asks for more."""

    label: str
    url: str
    posts: bool = True


def next_thing(request: SubjectRequest, user: User) -> Offer | None:
    """What is to be done now, if `user` may do it; None while a job works, or when nothing is left to do."""
    if request.job and not request.job.finished:
        return None
    if request.ended:
        return _answer(request, user)
    if request.state == State.PLANNED:
        plan = request.plans.filter(state=Plan.State.PROPOSED).first()
        return Offer("Review the plan", plan.get_absolute_url(), posts=False) if plan else None
    if not user.may("requests.handle"):
        return None
    offers = _unverified(request) if request.state in UNVERIFIED else _verified(request)
    return offers[0] if offers else None


def other_things(request: SubjectRequest, user: User) -> list[Offer]:
    """What else is possible, without the next thing."""
    if request.ended or not user.may("requests.handle"):
        return []
    idle = not (request.job and not request.job.finished)
    offers = []
    if idle:
        offers += _unverified(request) if request.state in UNVERIFIED else _verified(request)
    offers.append(_offer("Add an identifier", "identifier_add", request, posts=False))
    if not why_not_extended(request):
        offers.append(_offer("Extend the deadline", "extend", request, posts=False))
    if idle and not _in_force(request):
        offers.append(_offer("Reject the request", "reject", request, posts=False))
    first = next_thing(request, user)
    return [offer for offer in offers if offer != first]


def handling_things(request: SubjectRequest, user: User) -> list[Offer]:
    """What an officer can do with the clock of a request, and with who answers for it."""
    if not user.may("requests.handle"):
        return []
    if request.ended:
        return _ended(request)
    offers = []
    if not request.acknowledged_at:
        offers.append(_offer("Acknowledge", "acknowledge", request))
    if request.paused_at:
        offers.append(_offer("Resume the clock", "resume", request))
    elif not why_not_paused(request):
        offers.append(_offer("Pause the clock", "pause", request, posts=False))
    if request.appeal == SubjectRequest.Appeal.OPEN:
        offers.append(_offer("Decide the appeal", "appeal_decide", request, posts=False))
    offers.append(_offer("Hand over" if request.assigned_to else "Assign", "assign", request, posts=False))
    offers.append(_offer("Put back in line" if request.expedited else "Put first", "expedite", request))
    return offers


def _ended(request: SubjectRequest) -> list[Offer]:
    offers = []
    if not why_not_appealed(request):
        offers.append(_offer("Enter an appeal", "appeal", request))
    if not why_not_reopened(request):
        offers.append(_offer("Reopen", "reopen", request, posts=False))
    return offers


def _answer(request: SubjectRequest, user: User) -> Offer | None:
    package = getattr(request, "package", None)
    if package and package.available and user.may("packages.read"):
        return _offer("Download the package", "package_download", request)
    proof = proof_url(request)
    return Offer("Read the proof", proof, posts=False) if proof and user.may("reports.view") else None


def _unverified(request: SubjectRequest) -> list[Offer]:
    """By link or code; by hand once a letter is on its way, or there may be no more for now."""
    checks = list(request.identity_checks.all())
    pending = any(check.used_at is None and check.expires_at > timezone.now() for check in checks)
    by_hand = _offer("Confirm the identity", "identity_confirm", request, posts=False)
    if not may_ask(request):
        return [by_hand]
    link = _offer("Send another link" if checks else "Send the identity link", "identity_link", request)
    code = _offer("Send a code", "identity_code", request)
    return [by_hand, link, code] if pending else [link, by_hand, code]


def _verified(request: SubjectRequest) -> list[Offer]:
    interrupted = _in_force(request)
    if interrupted:
        return [Offer("Resume", reverse("erasure:plan_resume", args=[request.pk, interrupted.number]))]
    open_question = request.questions.filter(answer="").first()
    if open_question:
        url = reverse("erasure:question_answer", args=[request.pk, open_question.pk])
        return [Offer("Answer the question", url, posts=False)]
    if not right_of(request.kind).searches:
        return []  # what is to be done stands in the panel of the right
    again = request.searched_at is not None
    search = _offer("Search again" if again else "Search for the person", "search", request)
    if request.state != State.FOUND:
        return [search] if request.state in SEARCHABLE else []
    if right_of(request.kind).packages:
        preview = Preview.objects.filter(request=request).first()
        if preview and preview.released_at:  # it could not be made then
            return [_offer("Make the package", "package_make", request), search]
        url = reverse("answers:preview", args=[request.pk])
        return [Offer("Review what goes into the package", url, posts=False), search] if preview else [search]
    plan = _offer("Plan again" if request.plans.exists() else "Make a plan", "plan_make", request)
    # What a plan was overtaken by, or could not look into, only a new search can see.
    return [search, plan] if request.problem or request.unsearched else [plan, search]


def _in_force(request: SubjectRequest) -> Plan | None:
    return request.plans.filter(state__in=IN_FORCE).first()


def _offer(label: str, url_name: str, request: SubjectRequest, *, posts: bool = True) -> Offer:
    return Offer(label, reverse(f"erasure:{url_name}", args=[request.pk]), posts)
