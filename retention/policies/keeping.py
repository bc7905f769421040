"""Adding and retiring policies, standing approval, and what a data set says of itself."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.connectors import registry
from catalog.connectors.base import Kind
from catalog.models import DataSet
from governance.console.models import User
from retention.policies import events
from retention.policies.models import Policy, Terms, Tier

Scope = Policy.Scope
AGES = (Kind.DATE, Kind.TIMESTAMP)
LONGEST_YEARS = 150


@transaction.atomic
def add(*, by: User | None, **values: Any) -> Policy:
    """A new policy in force. Raises ValidationError for a scope that names nothing, or a name that is taken."""
    policy = Policy(made_by=by, **values)
    policy.name, policy.reason = policy.name.strip(), policy.reason.strip()
    policy.value = policy.value.strip() if policy.scope not in (Scope.DATA_SET, Scope.EVERYTHING) else ""
    if policy.scope != Scope.DATA_SET:
        policy.data_set = None
    _check(policy)
    policy.clean_fields(
        exclude=["made_by", "retired_by", "retired_at", "standing_by", "standing_at", "data_set"]
    )
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError:
        raise ValidationError({"name": f"A policy {policy.name} is in force: retire it first."}) from None
    record(
        events.POLICY_ADDED,
        policy,
        covers=policy.covers,
        bound=policy.bound,
        period=policy.period,
        then=policy.action,
        reason=policy.reason,
    )
    return policy


@transaction.atomic
def retire(policy: Policy, *, by: User | None, reason: str) -> None:
    """End a policy; what it covered is resolved anew. Raises ValidationError if it has ended or no reason is given."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why the policy is no longer needed."})
    ended = Policy.objects.filter(pk=policy.pk, retired_at=None).update(
        retired_at=timezone.now(), retired_by=by, standing_at=None, standing_by=None
    )
    if not ended:
        raise ValidationError("This policy has been retired already.")
    policy.refresh_from_db()
    record(events.POLICY_RETIRED, policy, reason=reason.strip())


@transaction.atomic
def approve_for_good(policy: Policy, *, by: User) -> None:
    """Let what falls due under the policy be carried out without asking each time.

    Raises ValidationError for a minimum, a retired policy, or who made it: a second person has to say so.
    """
    if policy.made_by_id == by.pk:
        raise ValidationError("You made this policy: somebody else has to approve its runs.")
    if policy.bound != Policy.Bound.AT_MOST:
        raise ValidationError("A minimum destroys nothing: there is nothing to approve.")
    given = Policy.objects.filter(pk=policy.pk, retired_at=None, standing_at=None).update(
        standing_at=timezone.now(), standing_by=by
    )
    if not given:
        raise ValidationError("This policy is retired, or approved for good already.")
    policy.refresh_from_db()
    record(events.STANDING_GIVEN, policy)


def stands_for(policy: Policy, terms: Terms) -> bool:
    """Whether the standing approval covers a data set with these terms: not if they were set or changed after it.

    They say which column tells the age, and so what goes; one person sets them.
    """
    return bool(policy.standing_at and terms.changed_at and terms.changed_at <= policy.standing_at)


@transaction.atomic
def ask_each_time(policy: Policy) -> None:
    """Take the standing approval back. Raises ValidationError where there is none."""
    taken = Policy.objects.filter(pk=policy.pk, standing_at__isnull=False).update(
        standing_at=None, standing_by=None
    )
    if not taken:
        raise ValidationError("This policy has no standing approval.")
    policy.refresh_from_db()
    record(events.STANDING_TAKEN, policy)


def ages_of(data_set: DataSet) -> tuple[Kind, ...]:
    """The kinds of columns that may tell the age of its rows: text too where the store has no dates."""
    connector = registry.classes.get(data_set.system.kind)
    return (*AGES, Kind.TEXT) if connector and connector.ages_in_text else AGES


@transaction.atomic
def set_terms(
    data_set: DataSet,
    *,
    by: User | None,
    tier: str = "",
    tags: list[str] | None = None,
    age_column: str = "",
    aggregate: dict[str, Any] | None = None,
) -> Terms:
    """Say how old rows are told, and what tier and tags the data set has. Raises ValidationError."""
    tags = sorted({tag.strip().lower() for tag in tags or [] if tag.strip()})
    if tier and tier not in Tier.values:
        raise ValidationError({"tier": f"There is no tier {tier}; there are {', '.join(Tier.values)}."})
    if any(len(tag) > 60 for tag in tags):
        raise ValidationError({"tags": "A tag has at most 60 characters."})
    if age_column:
        column = data_set.columns.filter(gone_at=None, nested_in=None, name=age_column).first()
        if column is None or column.kind not in ages_of(data_set):
            raise ValidationError({"age_column": f"{data_set} has no date or time called {age_column}."})
    terms, _ = Terms.objects.update_or_create(
        data_set=data_set,
        defaults={
            "tier": tier,
            "tags": tags,
            "age_column": age_column,
            "aggregate": aggregate or {},
            "changed_by": by,
        },
    )
    record(events.TERMS_SET, terms, tier=tier, tags=tags, age_column=age_column)
    return terms


def _check(policy: Policy) -> None:
    known = {
        Scope.CATEGORY: list(CATEGORIES),
        Scope.SENSITIVITY: [each.value for each in Sensitivity],
        Scope.TIER: Tier.values,
    }
    problems: dict[str, str] = {}
    if policy.scope == Scope.DATA_SET and policy.data_set is None:
        problems["data_set"] = "Choose the data set."
    if policy.scope == Scope.TAG and not policy.value:
        problems["value"] = "Name the tag."
    if policy.scope in known and policy.value not in known[Scope(policy.scope)]:
        problems["value"] = f"Choose one: {policy.value or 'nothing'} is no {policy.scope} here."
    if not policy.reason:
        problems["reason"] = "Say why: the purpose, or the law that sets the period."
    if policy.number and policy.number > LONGEST_YEARS * {"day": 366, "month": 12, "year": 1}[policy.unit]:
        problems["number"] = f"At most {LONGEST_YEARS} years."
    if problems:
        raise ValidationError(problems)
