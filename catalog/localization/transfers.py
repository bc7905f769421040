"""Every flow that takes personal data out of where they may lie, and what lies outside already (Art. 44 to 49 GDPR).

Without a rule, personal data in the European Economic Area may lie there, and elsewhere only under a safeguard; for
data that lie outside of it already no region is wrong until a rule says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Q, QuerySet

from catalog.classification.vocabulary import CATEGORIES, Sensitivity, within
from catalog.localization.regions import lies_in
from catalog.models import Column, DataSet, Edge, LocalizationRule, Safeguard

FETCH = 2_000


@dataclass(slots=True)
class Transfer:
    """Data of one category that get from one data set into another in a region where they may not lie by rule."""

    source: DataSet
    target: DataSet
    category: str
    allowed: tuple[str, ...]
    safeguard: Safeguard | None
    edges: list[Edge] = field(default_factory=list)

    @property
    def state(self) -> str:
        if not self.source.system.region or not self.target.system.region:
            return "region unknown"
        return "safeguarded" if self.safeguard else "no safeguard"

    @property
    def category_title(self) -> str:
        return title_of(self.category)


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Columns of a category in a system whose region no rule allows for it."""

    data_set: DataSet
    category: str
    columns: int
    allowed: tuple[str, ...]

    @property
    def category_title(self) -> str:
        return title_of(self.category)


def title_of(category: str) -> str:
    """The category's title; what nobody has classified counts as personal all the same."""
    return CATEGORIES[category].title if category in CATEGORIES else "Not classified"


@dataclass(frozen=True)
class Rules:
    """The rules and the safeguards that hold on one day."""

    by_category: dict[str, tuple[str, ...]]
    safeguards: Sequence[Safeguard]

    @classmethod
    def on(cls, day: date) -> Rules:
        holding = Safeguard.objects.filter(withdrawn_at=None, valid_from__lte=day).filter(
            Q(valid_until=None) | Q(valid_until__gte=day)
        )
        rules = {rule.category: tuple(rule.regions) for rule in LocalizationRule.objects.all()}
        return cls(rules, list(holding.select_related("system")))

    def allowed(self, category: str, *, source_region: str) -> tuple[str, ...]:
        """Where data of `category` may lie: by the most specific rule, else by Chapter V; nothing: anywhere."""
        key = category
        while key:
            if key in self.by_category:
                return self.by_category[key]
            key = key.rpartition(".")[0]
        if "" in self.by_category:
            return self.by_category[""]
        return ("EEA",) if lies_in(source_region, ["EEA"]) else ()

    def safeguard(self, category: str, *, target: DataSet) -> Safeguard | None:
        """One that covers data of `category` on their way into `target`; that of the system itself first."""
        covering = [
            each
            for each in self.safeguards
            if (each.system_id == target.system_id if each.system_id else _receives(target, each.region))
            and (not each.categories or any(within(category, key) for key in each.categories))
        ]
        return min(covering, key=lambda each: each.system_id is None, default=None)


def transfers(day: date) -> list[Transfer]:
    """All of them, those without a safeguard first. Flows between systems of the same region are none."""
    rules = Rules.on(day)
    found: dict[tuple[int, int, str], Transfer] = {}
    for edge, category in _crossing():
        source, target = edge.source, edge.target
        allowed = rules.allowed(category, source_region=source.system.region)
        unknown = not source.system.region or not target.system.region
        if not unknown and (not allowed or lies_in(target.system.region, allowed)):
            continue
        key = (source.pk, target.pk, category)
        if key not in found:
            safeguard = None if unknown else rules.safeguard(category, target=target)
            found[key] = Transfer(source, target, category, allowed, safeguard)
        found[key].edges.append(edge)
    order = {"no safeguard": 0, "region unknown": 1, "safeguarded": 2}
    return sorted(
        found.values(),
        key=lambda each: (order[each.state], str(each.source), str(each.target), each.category),
    )


def misplaced(day: date) -> list[Misplaced]:
    """What lies, by whatever way, in a region that a rule forbids for it, and no safeguard covers."""
    rules = Rules.on(day)
    counted: dict[tuple[int, str], list[Column]] = {}
    for column in (
        _personal(Column.objects.filter(gone_at=None, data_set__gone_at=None, nested_in=None))
        .only("data_set_id", "category")
        .iterator(chunk_size=FETCH)
    ):
        counted.setdefault((column.data_set_id, column.category), []).append(column)
    data_sets = DataSet.objects.select_related("system").in_bulk({pk for pk, _ in counted})
    found = []
    for (pk, category), columns in counted.items():
        data_set = data_sets[pk]
        allowed = rules.allowed(category, source_region="")
        region = data_set.system.region
        outside = category and allowed and region and not lies_in(region, allowed)
        if outside and rules.safeguard(category, target=data_set) is None:
            found.append(Misplaced(data_set, category, len(columns), allowed))
    return sorted(found, key=lambda each: (str(each.data_set), each.category))


def _crossing() -> Iterator[tuple[Edge, str]]:
    """The edges that carry values from one region into another, each with a category of what it carries."""
    edges = (
        Edge.objects.filter(gone_at=None, kind=Edge.Kind.DIRECT, source__gone_at=None, target__gone_at=None)
        .exclude(source__system=F("target__system"))
        .filter(~Q(source__system__region=F("target__system__region")) | Q(source__system__region=""))
        .exclude(masking=True, subtype="AGGREGATION")  # a count of persons is not personal
        .select_related("source__system", "target__system", "source_column", "target_column", "job")
        .order_by("pk")
    )
    whole: list[Edge] = []
    for edge in edges.iterator(chunk_size=FETCH):
        if edge.source_column is None:
            whole.append(edge)
        elif edge.source_column.personal and edge.source_column.sensitivity != Sensitivity.NONE:
            yield edge, edge.source_column.category
    categories = _categories_of(edge.source_id for edge in whole)
    for edge in whole:  # nobody knows which columns: each may be on its way
        for category in categories.get(edge.source_id, []):
            yield edge, category


def _categories_of(data_sets: Iterable[int]) -> dict[int, list[str]]:
    columns = _personal(Column.objects.filter(data_set__in=set(data_sets), gone_at=None))
    found: dict[int, list[str]] = {}
    for pk, category in columns.order_by("category").values_list("data_set", "category").distinct():
        found.setdefault(pk, []).append(category)
    return found


def _personal(columns: QuerySet[Column]) -> QuerySet[Column]:
    return columns.exclude(sensitivity=Sensitivity.NONE.value)


def _receives(target: DataSet, region: str) -> bool:
    return bool(region) and lies_in(target.system.region, [region])
