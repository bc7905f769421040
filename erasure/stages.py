"""Where a request stands: the stages of its way, told by what is stored rather than by what was hoped."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from erasure.models import Plan, SubjectRequest
from erasure.rights import right_of
from governance.console.models import Job

State = SubjectRequest.State
Stage = dict[str, Any]
TITLES = {
    "received": "Received",
    "identity": "Identity",
    "search": "Search",
    "package": "Package",
    "plan": "Plan",
    "approval": "Approval by a second person",
    "erasure": "Erasure",
    "verification": "Second search",
    "proof": "Proof",
    "settled": "Settled",
}
AT = {
    State.RECEIVED: "identity",
    State.IDENTITY_PENDING: "identity",
    State.VERIFIED: "search",
    State.SEARCHING: "search",
    State.PLANNED: "approval",
    State.APPROVED: "erasure",
    State.EXECUTING: "erasure",
    State.WAITING: "erasure",
    State.RESIDUAL: "verification",
}
IN_FORCE = (Plan.State.APPROVED, Plan.State.EXECUTING)
SINCE_JOB = {"erasure.plan": "plan", "erasure.package": "package", "erasure.execute": "erasure"}


def stages(request: SubjectRequest) -> list[Stage]:
    """The way for `ui/steps.html`: what is done, where it stands, what waits."""
    plan = request.plans.select_related("made_by", "decided_by").first()
    way = right_of(request.kind).way
    here = len(way) if request.state == State.COMPLETE else way.index(_here(request))
    stopped = _stopped(request, plan)
    told = []
    for number, name in enumerate(way):
        state = (
            "done" if number < here else "waiting" if number > here else "failed" if stopped else "current"
        )
        stage: Stage = {"title": TITLES[name], "state": state}
        if state != "waiting":
            stage |= TELLING[name](request, plan)
        told.append(stage)
    return told


def proof_url(request: SubjectRequest) -> str:
    """Where the proof of this erasure can be read; empty where no reports are installed, or for other requests."""
    if not right_of(request.kind).plans or request.state not in (State.COMPLETE, State.RESIDUAL):
        return ""
    try:
        return f"{reverse('reports:report', args=['erasure_proof'])}?request={request.reference}"
    except NoReverseMatch:
        return ""


def _here(request: SubjectRequest) -> str:
    """The stage that the request is at."""
    right = right_of(request.kind)
    found = "package" if right.packages else "plan" if right.plans else "settled"
    if (
        request.state == State.WAITING
        and right.searches
        and not request.plans.filter(state__in=IN_FORCE).exists()
    ):
        return "search"  # for a system that does not answer
    if AT.get(State(request.state)) in right.way:
        return AT[State(request.state)]
    if request.state == State.FOUND:
        return found
    if not right.needs_identity and not right.searches:
        return found
    if request.state == State.FAILED and request.job and not _searched_by(request, request.job):
        return SINCE_JOB.get(request.job.kind, "search")
    if not request.verified_at:
        return "identity"
    return found if request.searched_at or not right.searches else "search"


def _searched_by(request: SubjectRequest, job: Job) -> bool:
    """Whether it is this job that searched: what it failed in came after."""
    if job.kind != "erasure.find" or not job.started_at or not request.searched_at:
        return False
    return job.started_at <= request.searched_at


def _stopped(request: SubjectRequest, plan: Plan | None) -> bool:
    """Whether it cannot go on from there by itself."""
    if request.state in (State.FAILED, State.RESIDUAL, State.REJECTED):
        return True
    return request.state == State.FOUND and plan is not None and plan.state == Plan.State.BLOCKED


def _told(text: str, moment: datetime | date | None = None, url: str = "") -> Stage:
    return {"text": text, "moment": moment, "url": url}


def _received(request: SubjectRequest, plan: Plan | None) -> Stage:
    return _told(request.get_channel_display(), request.received_at)


def _identity(request: SubjectRequest, plan: Plan | None) -> Stage:
    if request.verified_at:
        how = request.verified_how
        return _told(f"{how[:1].upper()}{how[1:]}", request.verified_at)
    check = request.identity_checks.first()
    if check is None:
        return _told("Not asked yet.")
    return _told(f"A {check.method} was sent; it waits to be used.", check.sent_at)


def _search(request: SubjectRequest, plan: Plan | None) -> Stage:
    if not request.searched_at:
        return _told("")
    hits = [hit.rows for hit in request.hits.all() if hit.rows]
    text = f"{_count(sum(hits), 'row')} in {_count(len(hits), 'data set')}"
    if request.unsearched:
        text += f"; {_count(len(request.unsearched), 'data set')} could not be searched"
    return _told(text, request.searched_at)


def _package(request: SubjectRequest, plan: Plan | None) -> Stage:
    package = getattr(request, "package", None)
    if package is None:
        return _told("Deleted, as it had expired." if request.state == State.COMPLETE else "")
    times = _count(package.downloads, "download")
    return _told(f"{_count(package.rows, 'row')}, {times}", package.made_at)


def _plan(request: SubjectRequest, plan: Plan | None) -> Stage:
    if plan is None:
        return _told("Nothing to erase." if request.state == State.COMPLETE else "")
    steps = list(plan.steps.all())
    rows = sum(step.rows_before for step in steps)
    text = f"Plan {plan.number}: {_count(len(steps), 'step')}, {_count(rows, 'row')}"
    return _told(text, plan.made_at, plan.get_absolute_url())


def _approval(request: SubjectRequest, plan: Plan | None) -> Stage:
    if plan is None or not plan.decided_at:
        maker = plan.made_by if plan and request.state == State.PLANNED else None
        return _told(f"Waits for somebody other than {maker.display_name}." if maker else "")
    who = plan.decided_by.display_name if plan.decided_by else "a former member of staff"
    what = "Rejected" if plan.state == Plan.State.REJECTED else "Approved"
    return _told(f"{what} by {who}", plan.decided_at)


def _erasure(request: SubjectRequest, plan: Plan | None) -> Stage:
    if plan is None:
        return _told("")
    steps = list(plan.steps.all())
    done = sum(step.state == step.State.DONE for step in steps)
    return _told(f"{done} of {_count(len(steps), 'step')} done", plan.finished_at)


def _verification(request: SubjectRequest, plan: Plan | None) -> Stage:
    if request.state == State.RESIDUAL:
        return _told("Something of the person is left, see below.")
    return _told("Nothing of the person was found any more." if request.state == State.COMPLETE else "")


def _proof(request: SubjectRequest, plan: Plan | None) -> Stage:
    return _told(f"{request.outcome.capitalize()}.", request.closed_at, proof_url(request))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


TELLING: dict[str, Callable[[SubjectRequest, Plan | None], Stage]] = {
    "received": _received,
    "identity": _identity,
    "search": _search,
    "package": _package,
    "plan": _plan,
    "approval": _approval,
    "erasure": _erasure,
    "verification": _verification,
    "proof": _proof,
    "settled": _proof,
}
