"""What runs by itself so that nobody has to believe the ledger: checkpoints, witnesses, export, verification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min
from django.utils import timezone

from audit.ledger import chain, stamping
from audit.ledger.alarming import raise_alarm
from audit.ledger.checkpoints import Diverged, checkpoint
from audit.ledger.models import (
    Alarm,
    Checkpoint,
    Cosignature,
    Entry,
    Head,
    Refused,
    Segment,
    Verification,
)
from audit.ledger.witnessing import ask_all, witnesses
from audit.ledger.worm.base import WormProblem
from audit.ledger.worm.exporting import export, missing
from audit.ledger.worm.places import place

FRESH = timedelta(hours=48)  # a verification older than that says nothing about now
CLOCKS_DIFFER = timedelta(minutes=10)
WAITED_FOR = timedelta(hours=24)


def sign(*, witnessed: bool = True) -> Checkpoint | None:
    """A checkpoint of how the log stands, shown to the witnesses; none, and an alarm, where the log has diverged.

    Who cannot wait for witnesses, as a page that is looked at, lets them be asked by the next run of the schedule.
    """
    latest = Checkpoint.objects.first()
    if latest:
        _behind(latest.at, "checkpoint")
    try:
        made = checkpoint()
    except Diverged as problem:
        raise_alarm(Alarm.Kind.DIVERGED, str(problem))
        return None
    if made.size and witnessed:
        ask_all(made)
    _look_at_refused()
    return made


def export_now() -> list[Segment]:
    """Export what is new and look for gaps; a place that refuses raises an alarm. Raises WormProblem.

    Waits where the clock was set back by less than a day: a segment cannot be sealed before the one before it.
    """
    where = place()
    if where is None:
        return []
    last = Segment.objects.first()
    if last and timedelta() < _behind(last.written_at, "segment") <= WAITED_FOR:
        return []
    if stamping.authority() and sign():
        stamping.stamp_latest()
    try:
        written = export(where)
        holes = missing(where)
    except Diverged as problem:
        raise_alarm(Alarm.Kind.DIVERGED, str(problem))
        return []
    except WormProblem as problem:
        raise_alarm(Alarm.Kind.EXPORT, str(problem))
        raise
    if holes:
        spans = ", ".join(f"{start} to {end - 1}" for start, end in holes[:10])
        raise_alarm(Alarm.Kind.GAP, f"The export at {where.label} has no segment for the entries {spans}.")
    return written


def _behind(latest: datetime, what: str) -> timedelta:
    """By how much the clock stands before what was signed last: then, an alarm; nothing where clocks just differ."""
    behind = latest - timezone.now()
    if behind <= CLOCKS_DIFFER:
        return timedelta()
    raise_alarm(
        Alarm.Kind.CLOCK,
        f"The last {what} was signed at {latest:%Y-%m-%d %H:%M} UTC, and it is {timezone.now():%Y-%m-%d %H:%M} now: "
        "the clock was set back, or was wrong then. The export waits for up to a day; auditors will ask.",
    )
    return behind


def _look_at_refused() -> None:
    """An alarm where something waited that is no entry, beyond what the last such alarm was about."""
    seen = Alarm.objects.filter(kind=Alarm.Kind.REFUSED).aggregate(last=Max("up_to"))["last"] or 0
    found = Refused.objects.filter(pk__gt=seen).aggregate(many=Count("pk"), since=Min("at"), last=Max("pk"))
    if found["many"]:
        raise_alarm(
            Alarm.Kind.REFUSED,
            f"What waited since {found['since']:%Y-%m-%d %H:%M} UTC is in {found['many']:,} cases no entry. The "
            "console writes no such thing: somebody else writes to its database with its rights. It is kept in the "
            "table ledger_refused.",
            up_to=found["last"],
        )


def verify(*, progress: Callable[[int], None] | None = None) -> Verification:
    """Read the whole ledger and every checkpoint against it; kept, and an alarm where something does not hold."""
    return keep(chain.verify(checkpoints=True, progress=progress))


@transaction.atomic
def keep(verdict: chain.Verdict) -> Verification:
    """Keep what a reading of the whole ledger found."""
    kept = Verification.objects.create(
        at=timezone.now(),
        size=verdict.checked,
        checkpoints=verdict.checkpoints,
        problem=verdict.problem,
        number=verdict.number,
    )
    if not verdict.intact:
        raise_alarm(Alarm.Kind.BROKEN, f"{verdict.problem[:1].upper()}{verdict.problem[1:]}.")
    return kept


@dataclass(slots=True)
class Integrity:
    """What can be said of the ledger now. `proven` only if somebody has verified it lately and nothing is wrong."""

    entries: int
    verification: Verification | None
    checkpoint: Checkpoint | None
    segment: Segment | None
    alarms: list[Alarm]
    problems: list[str] = field(default_factory=list)
    witnessed_by: list[str] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        return not self.problems


def integrity(now: datetime | None = None) -> Integrity:
    """Read in a handful of queries, for the dashboard; verifies nothing itself."""
    now = now or timezone.now()
    latest = Checkpoint.objects.first()
    found = Integrity(
        entries=Head.objects.get(pk=1).size,
        verification=Verification.objects.first(),
        checkpoint=latest,
        segment=Segment.objects.first(),
        alarms=list(Alarm.objects.filter(settled_at=None)),
    )
    found.problems += [alarm.message for alarm in found.alarms]
    if found.verification is None:
        found.problems.append("The ledger has not been verified yet.")
    elif not found.verification.intact:
        found.problems.append(f"The last verification found: {found.verification.problem}.")
    elif found.verification.at < now - FRESH:
        found.problems.append("The last verification is more than two days old.")
    if latest is None and found.entries:
        found.problems.append("No checkpoint has been signed yet.")
    found.problems += _late(found, now)
    if latest:
        found.witnessed_by = list(
            Cosignature.objects.filter(checkpoint=latest).values_list("witness", flat=True)
        )
    return found


def _late(found: Integrity, now: datetime) -> list[str]:
    """Whether there are entries that should be exported, or cosigned, by now."""
    problems = []
    if stamping.authority() and stamping.late(now):
        problems.append("No checkpoint has been time-stamped for more than a day.")
    patience = timedelta(hours=2 * settings.LEDGER_EXPORT_HOURS)
    exported = found.segment.end if found.segment else 0
    waiting = Entry.objects.filter(number=exported).values_list("at", flat=True).first()
    if settings.LEDGER_WORM and waiting and waiting < now - patience:
        problems.append(f"The export is late: entry {exported} and later are not on write-once storage.")
    for known in witnesses():
        last = Cosignature.objects.filter(witness=known.key.name).order_by("-at").first()
        newer = Checkpoint.objects.filter(size__gt=last.checkpoint.size if last else 0, at__lt=now - patience)
        if newer.exists():
            problems.append(
                f"{known.key.name} has not cosigned for more than {patience.seconds // 3600} hours."
            )
    return problems
