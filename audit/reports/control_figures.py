"""What the live system says of each control: figures, and whether it holds. None where it is not in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone

from audit.ledger import guarding
from audit.ledger.models import Checkpoint, Entry, Segment
from audit.reports.base import Fact
from catalog.localization.transfers import misplaced
from catalog.localization.transfers import transfers as flows
from catalog.models import Column, Edge, System
from erasure.custodians.models import Task
from erasure.expiry.models import Run as ExpiryRun
from erasure.models import Plan, Step, SubjectRequest
from erasure.registry.models import Backup, Replay
from governance.activities.models import ProcessingActivity, ProcessorActivity
from governance.console.models import ApiToken, User
from governance.keyring.sealing import VERSION
from retention.anonymization.models import Run
from retention.policies.models import Policy
from retention.vault.models import KeyVersion


@dataclass(frozen=True, slots=True)
class Evidence:
    holds: bool | None
    facts: Sequence[Fact]


def inventory() -> Evidence:
    systems = System.objects.count()
    nowhere = System.objects.filter(region="").count()
    unowned = System.objects.filter(custodian=None).count()
    facts = [
        Fact("Systems", systems),
        Fact("Without a region", nowhere),
        Fact("Without a custodian", unowned),
        Fact("With a problem", System.objects.exclude(problem="").count()),
    ]
    return Evidence(not nowhere if systems else None, facts)


def classification() -> Evidence:
    counted = Column.objects.filter(gone_at=None, data_set__gone_at=None).aggregate(
        all=Count("pk"), confirmed=Count("pk", filter=Q(state=Column.State.CONFIRMED))
    )
    facts = [
        Fact("Columns", counted["all"]),
        Fact("Decided by a person", counted["confirmed"]),
        Fact("Unreviewed, counted as personal", counted["all"] - counted["confirmed"]),
    ]
    return Evidence(counted["all"] == counted["confirmed"] if counted["all"] else None, facts)


def record_of_processing() -> Evidence:
    activities, on_behalf = ProcessingActivity.objects.count(), ProcessorActivity.objects.count()
    unused = ProcessingActivity.objects.filter(data_sets=None).count()
    facts = [
        Fact("Activities of the controller", activities),
        Fact("Without a data set", unused),
        Fact("Processing on behalf of others", on_behalf),
    ]
    return Evidence(not unused if activities or on_behalf else None, facts)


def lineage() -> Evidence:
    edges = Edge.objects.filter(gone_at=None)
    origins = Counter(dict(edges.order_by().values_list("origin").annotate(many=Count("pk"))))
    facts = [Fact(str(label), origins[value]) for value, label in Edge.Origin.choices]
    return Evidence(True if origins else None, facts)


def transfers() -> Evidence:
    today = timezone.localdate()
    states, elsewhere = Counter(each.state for each in flows(today)), len(misplaced(today))
    facts = [
        Fact("Transfers with a safeguard", states["safeguarded"]),
        Fact("Without a safeguard", states["no safeguard"]),
        Fact("Region unknown", states["region unknown"]),
        Fact("Lying where no rule allows it", elsewhere),
    ]
    wrong = states["no safeguard"] + states["region unknown"] + elsewhere
    return Evidence(not wrong if System.objects.exists() else None, facts)


def requests() -> Evidence:
    asked = SubjectRequest.objects.filter(duplicate_of=None)
    ended = [
        (timezone.localdate(closed), due)
        for closed, due in asked.filter(state__in=SubjectRequest.ENDED, closed_at__isnull=False).values_list(
            "closed_at", "due_on"
        )
    ]
    late = sum(closed > due for closed, due in ended)
    overdue = sum(request.overdue for request in asked.exclude(state__in=SubjectRequest.ENDED))
    facts = [
        Fact("Requests", asked.count()),
        Fact("Ended", len(ended)),
        Fact("Ended after the deadline", late),
        Fact("Open and overdue", overdue),
    ]
    return Evidence(not late and not overdue if asked.exists() else None, facts)


def erasures() -> Evidence:
    done = Step.objects.filter(state=Step.State.DONE, plan__request__isnull=False)
    complete = SubjectRequest.objects.filter(
        kind=SubjectRequest.Kind.ERASURE, state=SubjectRequest.State.COMPLETE
    )
    residual = SubjectRequest.objects.filter(state=SubjectRequest.State.RESIDUAL).count()
    left = done.filter(rows_after__gt=0).count()
    facts = [
        Fact("Erasures complete", complete.count()),
        Fact("Steps done", done.count()),
        Fact("Rows they were about", done.aggregate(rows=Sum("rows_before"))["rows"] or 0),
        Fact("Steps after which rows were left", left),
        Fact("Requests with residue", residual),
    ]
    return Evidence(not residual and not left if done.exists() else None, facts)


def second_person() -> Evidence:
    """By the ledger, not by the tables: who made each plan, and who approved it."""
    started = {str(pk) for pk in Plan.objects.filter(started_at__isnull=False).values_list("pk", flat=True)}
    made, approved = _actors("plan.made"), _actors("plan.approved")
    asked = [pk for pk in started if pk in made]
    alone = sum(not approved.get(pk) or approved[pk] == made[pk] for pk in asked)
    facts = [
        Fact("Plans carried out for a request", len(asked)),
        Fact("Approved by nobody else", alone),
        Fact("Plans rejected", Plan.objects.filter(state=Plan.State.REJECTED).count()),
    ]
    return Evidence(not alone if asked else None, facts)


def told() -> Evidence:
    counted = Counter(dict(Task.objects.order_by().values_list("state").annotate(many=Count("pk"))))
    today = timezone.localdate()
    late = Task.objects.filter(state__in=Task.OPEN, due_on__lt=today).count()
    facts = [Fact(str(label), counted[value]) for value, label in Task.State.choices]
    return Evidence(not late if counted else None, [*facts, Fact("Open and overdue", late)])


def retention() -> Evidence:
    policies = Policy.objects.filter(retired_at=None)
    runs = ExpiryRun.objects.all()
    ended = runs.filter(plan__state=Plan.State.EXECUTED)
    stuck = runs.filter(plan__state=Plan.State.STOPPED).count()
    facts = [
        Fact("Policies in force", policies.count()),
        Fact("With a standing approval", policies.exclude(standing_at=None).count()),
        Fact("Runs carried out", ended.count()),
        Fact("Rows they were about", ended.aggregate(rows=Sum("plan__steps__rows_before"))["rows"] or 0),
        Fact("Runs that stopped", stuck),
    ]
    return Evidence(not stuck if policies.exists() else None, facts)


def anonymization() -> Evidence:
    counted = Counter(dict(Run.objects.order_by().values_list("outcome").annotate(many=Count("pk"))))
    unvalidated = Run.objects.filter(outcome=Run.Outcome.DELIVERED, validation={}).count()
    facts = [Fact(str(label), counted[value]) for value, label in Run.Outcome.choices]
    return Evidence(
        not unvalidated if counted else None, [*facts, Fact("Delivered without validation", unvalidated)]
    )


def access() -> Evidence:
    active = User.objects.filter(is_active=True)
    roles = Counter(dict(active.order_by().values_list("role").annotate(many=Count("pk"))))
    tokens = ApiToken.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    orphans = tokens.filter(user__is_active=False).count()
    facts = [Fact(str(label), roles[value]) for value, label in User._meta.get_field("role").choices or ()]
    facts += [Fact("API tokens in force", tokens.count()), Fact("Of people who left", orphans)]
    return Evidence(not orphans if roles else None, facts)


def secrets() -> Evidence:
    """A sealed value begins with its version: what does not is in clear."""
    kept = System.objects.filter(secrets__isnull=False).values_list("secrets", flat=True)
    clear = sum(not bytes(value or b"").startswith(VERSION) for value in kept)
    wrapped = KeyVersion.objects.count()
    facts = [
        Fact("Systems with secrets", len(kept)),
        Fact("In clear", clear),
        Fact("Keys of the vault, wrapped", wrapped),
        Fact("Key service", "KMS or Vault" if settings.KMS_URL else "sealed key ring"),
    ]
    return Evidence(not clear if kept or wrapped else None, facts)


def ledger() -> Evidence:
    found = guarding.integrity()
    verified = found.verification
    facts = [
        Fact("Last verified", verified.at if verified else None),
        Fact("Entries that held", verified.size if verified else 0),
        Fact("Checkpoints signed", Checkpoint.objects.count()),
        Fact("Witnesses of the last", found.witnessed_by),
        Fact("Against it", found.problems),
    ]
    return Evidence(found.proven, facts)


def worm() -> Evidence:
    if not settings.LEDGER_WORM:
        return Evidence(None, [Fact("Write-once storage", "none")])
    first, last = Segment.objects.order_by("start").first(), Segment.objects.first()
    late = [problem for problem in guarding.integrity().problems if "export" in problem.lower()]
    facts = [
        Fact("Segments", Segment.objects.count()),
        Fact("Entries", last.end if last else 0),
        Fact("Protection", last.protection if last else ""),
        Fact("Kept until", first.retain_until if first else None),
        Fact("Against it", late),
    ]
    return Evidence(bool(last) and not late, facts)


def backups() -> Evidence:
    today = timezone.localdate()
    kept = Backup.objects.filter(destroyed_at=None)
    over = kept.filter(kept_until__lt=today).count()
    facts = [
        Fact("Backups noted", Backup.objects.count()),
        Fact("Kept beyond their day", over),
        Fact("Restores replayed", Replay.objects.filter(state=Replay.State.COMPLETE).count()),
    ]
    return Evidence(not over if Backup.objects.exists() else None, facts)


def _actors(action: str) -> dict[str, str]:
    """By the plan's key, who did it last."""
    rows = Entry.objects.filter(action=action, object_type=Plan._meta.label_lower).order_by("number")
    return dict(rows.values_list("object_id", "actor"))
