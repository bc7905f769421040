"""Which policy decides on a data set, and why the others do not.

The most specific scope decides: the data set itself, then its tags, categories, sensitivity, tier, and everything.
Among equals the shortest limit does. A contract's retention stands as a limit for its data set. A law's minimum that is
longer than the limit is a conflict that somebody has to settle; a legal hold wins over all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from catalog.classification.vocabulary import within
from catalog.contracts.document import Document, from_plain
from catalog.models import Column, Contract, DataSet
from retention.holds import holds_on
from retention.models import Hold
from retention.policies.models import Policy, Terms
from retention.policies.periods import days_of

Scope, Bound = Policy.Scope, Policy.Bound
ORDER = list(Scope)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One policy that covers the data set: what made it apply, and what became of it."""

    policy: Policy
    because: str
    verdict: str = ""


@dataclass(slots=True)
class Resolution:
    """How long the rows of one data set may live. `policy` is None where nothing covers it or `conflict` says why."""

    data_set: DataSet
    terms: Terms
    policy: Policy | None = None
    hold: Hold | None = None
    conflict: str = ""
    candidates: list[Candidate] = field(default_factory=list)
    tags: frozenset[str] = frozenset()  # its own and those of its contract
    contract_days: int | None = None  # the shortest retention its contract in force names


def resolve(data_set: DataSet) -> Resolution:
    return resolve_all([data_set])[data_set.pk]


def resolve_all(data_sets: Iterable[DataSet]) -> dict[int, Resolution]:
    """By primary key, in a handful of queries however many there are."""
    asked = list(data_sets)
    policies = list(Policy.objects.filter(retired_at=None).select_related("data_set__system"))
    terms = {each.data_set_id: each for each in Terms.objects.filter(data_set__in=asked)}
    holds = holds_on(asked)
    columns: dict[int, list[Column]] = {}
    found = Column.objects.filter(data_set__in=asked, gone_at=None)
    for column in found.only("data_set_id", "name", "category", "sensitivity", "state"):
        columns.setdefault(column.data_set_id, []).append(column)
    contracts = {
        contract.data_set_id: from_plain(contract.document)
        for contract in Contract.objects.filter(data_set__in=asked, state=Contract.State.ACTIVE)
    }
    resolved = {}
    for data_set in asked:
        contract = contracts.get(data_set.pk)
        resolution = Resolution(
            data_set,
            terms.get(data_set.pk) or Terms(data_set=data_set),
            hold=holds.get(data_set.pk),
            contract_days=_shortest_days(contract) if contract else None,
            tags=frozenset(contract.tags if contract else ()),
        )
        resolution.tags |= set(resolution.terms.tags)
        _decide(resolution, policies, columns.get(data_set.pk, []))
        resolved[data_set.pk] = resolution
    return resolved


def _decide(resolution: Resolution, policies: list[Policy], columns: list[Column]) -> None:
    covering = [
        (policy, because) for policy in policies if (because := _because(policy, resolution, columns))
    ]
    limits = sorted(
        (each for each in covering if each[0].bound == Bound.AT_MOST),
        key=lambda each: (ORDER.index(Scope(each[0].scope)), days_of(each[0]), each[0].pk),
    )
    minima = [each for each in covering if each[0].bound == Bound.AT_LEAST]
    winner = limits[0][0] if limits else None
    for policy, because in limits:
        resolution.candidates.append(Candidate(policy, because, _verdict(policy, winner)))
    longest = max((policy for policy, _ in minima), key=days_of, default=None)
    for policy, because in minima:
        fits = winner is None or days_of(policy) <= days_of(winner)
        verdict = "kept to" if fits else f"conflicts with {winner}"
        resolution.candidates.append(Candidate(policy, because, verdict))
    if winner and longest and days_of(longest) > days_of(winner):
        resolution.conflict = (
            f"{longest} requires at least {longest.period}, {winner} allows at most {winner.period}: "
            "retire one of them, make it more specific, or place a hold."
        )
        return
    if winner and resolution.contract_days is not None and resolution.contract_days < days_of(winner):
        resolution.conflict = (
            f"The contract in force allows {resolution.contract_days} days, {winner} {winner.period}: "
            "make a policy for this data set that says which of the two holds."
        )
        return
    resolution.policy = winner


def _verdict(policy: Policy, winner: Policy | None) -> str:
    if policy is winner:
        return "decides"
    assert winner is not None
    if policy.scope != winner.scope:
        return f"overruled by {winner}, which is more specific"
    return (
        f"overruled by {winner}, which is shorter" if days_of(policy) > days_of(winner) else "says the same"
    )


def _because(policy: Policy, resolution: Resolution, columns: list[Column]) -> str:
    """Why the policy covers the data set, in words; empty if it does not."""
    match policy.scope:
        case Scope.DATA_SET:
            return "it names this data set" if policy.data_set_id == resolution.data_set.pk else ""
        case Scope.TAG:
            return f"tag {policy.value}" if policy.value in resolution.tags else ""
        case Scope.TIER:
            terms = resolution.terms
            return f"tier {terms.get_tier_display().lower()}" if terms.tier == policy.value else ""
        case Scope.CATEGORY:
            names = [c.name for c in columns if c.category and within(c.category, policy.value)]
        case Scope.SENSITIVITY:
            names = [c.name for c in columns if c.sensitivity == policy.value]
        case _:
            names = [c.name for c in columns if c.personal]
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"column {', '.join(names[:3])}{more}"


def _shortest_days(document: Document) -> int | None:
    days = [document.retention_days, *(item.retention_days for item in document.fields)]
    return min((each for each in days if each), default=None)
