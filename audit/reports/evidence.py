"""All that is known of one erasure, read once: the request, its plans, and what the ledger says about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from audit.ledger.models import Entry
from audit.reports.events import REPORT_MADE
from erasure.custodians.models import Task
from erasure.models import Plan, Step, SubjectRequest
from erasure.training.models import Version
from governance.console.models import User


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the ledger, read from the bytes that its hash is over."""

    number: int
    at: datetime
    action: str
    actor: str
    object_type: str
    object_id: str
    facts: dict[str, Any]
    body: bytes
    leaf: bytes


@dataclass(frozen=True)
class Evidence:
    request: SubjectRequest
    plans: list[Plan]
    entries: list[Told]
    staff: dict[str, User]  # by the identifier under which the ledger knows them

    @classmethod
    def load(cls, reference: str) -> Evidence:
        """Raises SubjectRequest.DoesNotExist."""
        request = SubjectRequest.objects.select_related("handled_by").get(reference=reference)
        steps = (
            Step.objects.select_related("data_set__system", "hold")
            .prefetch_related("data_set__activities")
            .order_by("position")
        )
        plans = list(request.plans.order_by("number").prefetch_related(Prefetch("steps", steps)))
        entries = [told_of(entry) for entry in _about(request, plans)]
        actors = {told.actor for told in entries}
        staff = {str(user.public_id): user for user in User.objects.all() if str(user.public_id) in actors}
        return cls(request, plans, entries, staff)

    @property
    def carried_out(self) -> list[Plan]:
        """The plans that wrote, or began to."""
        return [plan for plan in self.plans if plan.started_at]

    def told(self, action: str, plan: Plan | None = None) -> list[Told]:
        """The entries of an action, the oldest first; with `plan`, those about it."""
        return list(self._matching(action, plan))

    def last(self, action: str, plan: Plan | None = None) -> Told | None:
        return next(reversed(self.told(action, plan)), None)

    def name_of(self, actor: str) -> str:
        """Of staff, the name; the identifier of who is no longer here, or was never a person."""
        return self.staff[actor].display_name if actor in self.staff else actor

    def _matching(self, action: str, plan: Plan | None) -> Iterator[Told]:
        for told in self.entries:
            about_plan = told.object_type == Plan._meta.label_lower
            if told.action == action and (plan is None or (about_plan and told.object_id == str(plan.pk))):
                yield told


def _about(request: SubjectRequest, plans: list[Plan]) -> QuerySet[Entry]:
    """Of the request, its plans, what others were asked to do for it, and where training sets exclude its person.

    That reports were made is left out: a report that lists itself would never be the same twice.
    """
    tasks = Task.objects.filter(request=request).values_list("pk", flat=True)
    about = (
        Q(object_type=request._meta.label_lower, object_id=str(request.pk))
        | Q(object_type=Plan._meta.label_lower, object_id__in=[str(plan.pk) for plan in plans])
        | Q(object_type=Task._meta.label_lower, object_id__in=[str(pk) for pk in tasks])
        | Q(object_type=Version._meta.label_lower, subject=request.subject)
    )
    return Entry.objects.filter(about).exclude(action=REPORT_MADE.key).order_by("number")


def told_of(entry: Entry) -> Told:
    content = entry.content
    return Told(
        number=entry.number,
        at=entry.at,
        action=content["action"],
        actor=content["actor"]["id"],
        object_type=content["object"]["type"],
        object_id=content["object"]["id"],
        facts=content["facts"],
        body=bytes(entry.body),
        leaf=bytes(entry.leaf),
    )
