"""Setting the clock of a request: when it starts, what moves it, and by when which answer is due."""

from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from erasure.models import SubjectRequest
from erasure.requests.clock import due, until
from erasure.requests.regimes import IDENTITY, Regime, regimes
from governance.activities.models import Organisation


def deadline(
    regime: str, received_at: datetime, *, extended: bool = False, kind: str = SubjectRequest.Kind.ACCESS
) -> date:
    """The last day to answer, under a regime of `regimes()` and the public holidays where the controller is."""
    return due(
        regimes()[regime],
        timezone.localdate(received_at),
        country=_country(),
        region=settings.HOLIDAYS_REGION,
        kind=kind,
        extended=extended,
    )


def refuse_unknown_right(regime: str, kind: str, *, on: date | None = None) -> None:
    """Raises ValidationError unless the regime exists, applies on that day (today) and knows the right."""
    if regime not in regimes():
        raise ValidationError({"regime": f"Unknown regime; known are {', '.join(regimes())}."})
    law = regimes()[regime]
    if law.since and (on or timezone.localdate()) < law.since:
        raise ValidationError({"regime": f"{law.title} applies from {law.since:%-d %B %Y} on."})
    if kind not in law.rights:
        names = dict(SubjectRequest.Kind.choices)
        known = ", ".join(str(names[each]) for each in law.rights)
        raise ValidationError(
            {"kind": f"{law.title} knows no such right as “{names.get(kind, kind)}”; it knows: {known}."}
        )


def start(request: SubjectRequest) -> None:
    """Set the clock of a request just received; the caller saves it. Under some laws it waits for the identity."""
    law = regimes()[request.regime]
    request.clock_waits = law.start == IDENTITY
    request.due_on = due_on(request)
    request.acknowledge_by = _acknowledge_by(law, request)


def identity_proven(request: SubjectRequest) -> None:
    """Start a clock that has waited for this; the deadline is counted from today on. Does nothing to others."""
    if not request.clock_waits:
        return
    request.clock_waits = False
    request.started_on = timezone.localdate()
    request.due_on = due_on(request)
    request.save(update_fields=["clock_waits", "started_on", "due_on"])


def due_on(request: SubjectRequest) -> date:
    """The last day to answer, by all that has moved the clock so far."""
    law = regimes()[request.regime]
    place = {"country": _country(), "region": settings.HOLIDAYS_REGION}
    if request.appeal and law.appeal:
        periods = [law.appeal, law.appeal_extend] if request.extended else [law.appeal]
        return until(law, started_on(request), *[each for each in periods if each], **place)
    return due(
        law,
        started_on(request),
        kind=request.kind,
        extended=request.extended,
        paused_days=request.paused_days,
        **place,
    )


def started_on(request: SubjectRequest) -> date:
    """The day of the event that the clock counts from."""
    return request.started_on or timezone.localdate(request.received_at)


def may_extend(request: SubjectRequest) -> bool:
    """Whether the law gives this request a longer time at all."""
    law = regimes().get(request.regime)
    if law is None:
        return False
    return bool(law.appeal_extend if request.appeal else law.clock(request.kind).extend)


def _acknowledge_by(law: Regime, request: SubjectRequest) -> date | None:
    period = law.clock(request.kind).acknowledge
    if period is None:
        return None
    return until(law, started_on(request), period, country=_country(), region=settings.HOLIDAYS_REGION)


def _country() -> str:
    organisation = Organisation.objects.first()
    return organisation.country if organisation else "DE"
