"""Data sets by the names that producers have for them, in OpenLineage's naming specification.

A name that nobody knows becomes a data set of an external system, named after its namespace. Once a system is
connected whose store has that name, the external one is merged into the real one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any

from django.db import transaction

from audit.ledger.recording import record
from catalog import events
from catalog.connectors.base import Connector
from catalog.lineage import bulk
from catalog.lineage.canonical import Name, canonical
from catalog.lineage.merging import merge
from catalog.models import EXTERNAL, DataSet, DataSetName, System

LONGEST_SYSTEM = 80
_SAME_DATA_SET = "ON CONFLICT (system_id, name) DO UPDATE SET name = excluded.name"  # which gives its key
UNKNOWN = "unknown"  # the kind of a data set of which only the name is known


@transaction.atomic
def resolve(
    names: Collection[Name], *, same: Iterable[tuple[Name, Name]] = (), external: bool = True
) -> dict[Name, DataSet]:
    """The data set of each name; those of a pair in `same` are one data set with several names.

    With `external`, a name that is not known becomes an external data set; without, it is left out.
    """
    pairs = [(canonical(*one), canonical(*other)) for one, other in same]
    spelled = {name: canonical(*name) for name in names}
    groups = _groups({*spelled.values(), *(name for pair in pairs for name in pair)}, pairs)
    known = _known([name for group in groups for name in group])
    found: dict[Name, DataSet] = {}
    homeless: list[list[Name]] = []
    for group in groups:
        owners = {known[name].pk: known[name] for name in group if name in known}
        if owners:
            found |= _united(group, list(owners.values()), known)
        elif external:
            homeless.append(group)
    if homeless:
        found |= _add_external(homeless)
    _add_names({name: data_set for name, data_set in found.items() if name not in known})
    return {name: found[spelled[name]] for name in names if spelled[name] in found}


def rename(data_set: DataSet, *, before: Name, now: Name) -> None:
    """Show an external data set under the name it has now, unless another one has that already."""
    namespace = data_set.system.settings.get("namespace")
    if data_set.system.connectable or (namespace, data_set.name) != before or namespace != now[0]:
        return
    if not data_set.system.data_sets.filter(name=now[1]).exists():
        data_set.name = now[1]
        data_set.save(update_fields=["name"])


@transaction.atomic
def learn_names(system: System, connector: Connector) -> None:
    """Write the names of a connected system's data sets, after a crawl; external ones so called go into them."""
    namespace = connector.lineage_namespace()
    if not namespace:
        return
    real = {
        canonical(namespace, connector.lineage_name(data_set.name)): data_set
        for data_set in system.data_sets.select_related("system")
    }
    storable = {name: data_set for name, data_set in real.items() if max(map(len, name)) <= 400}
    known = _known(list(storable))
    for name, data_set in storable.items():
        earlier = known.get(name)
        if earlier and earlier.pk != data_set.pk and not earlier.system.connectable:
            merge(earlier, data_set)
    _add_names({name: data_set for name, data_set in storable.items() if name not in known})


def _groups(names: Iterable[Name], pairs: Iterable[tuple[Name, Name]]) -> list[list[Name]]:
    """Names that mean the same, together; the first of each pair leads its group."""
    group: dict[Name, list[Name]] = {name: [name] for name in sorted(names)}
    for one, other in pairs:
        mine, theirs = group[one], group[other]
        if mine is not theirs:
            mine += theirs
            for name in theirs:
                group[name] = mine
    return list({id(members): members for members in group.values()}.values())


def _known(names: Collection[Name]) -> dict[Name, DataSet]:
    rows = DataSetName.objects.filter(
        namespace__in={namespace for namespace, _ in names}, name__in={name for _, name in names}
    ).values_list("namespace", "name", "data_set_id")
    found = {(namespace, name): pk for namespace, name, pk in rows}
    data_sets = DataSet.objects.prefetch_related("system").in_bulk(set(found.values()))
    return {name: data_sets[pk] for name, pk in found.items()}


def _add_names(owners: Mapping[Name, DataSet]) -> None:
    """In the order of the names, as every batch does it: so none waits for another that waits for it."""
    if not owners:
        return
    given = sorted((*name, data_set.pk) for name, data_set in owners.items())
    namespaces, names, data_sets = zip(*given, strict=True)
    values = {"namespace": namespaces, "name": names, "data_set": data_sets}
    bulk.insert(DataSetName, values, key=("namespace", "name"), conflict=bulk.SKIP)


def _united(group: list[Name], owners: list[DataSet], known: dict[Name, DataSet]) -> dict[Name, DataSet]:
    """One data set for the whole group; two of connected systems both stay, and keep the names they have."""
    owners.sort(key=lambda data_set: (not data_set.system.connectable, data_set.pk))
    keeper, *others = owners
    for other in others:
        if not other.system.connectable:
            merge(other, keeper)
            known.update({name: keeper for name, data_set in known.items() if data_set.pk == other.pk})
    return {name: known.get(name, keeper) for name in group}


def _add_external(groups: list[list[Name]]) -> dict[Name, DataSet]:
    """A data set for each group, named after the first of its names."""
    systems = _external_systems({group[0][0] for group in groups})
    firsts = sorted(group[0] for group in groups)
    values: dict[str, list[Any]] = {
        "system": [systems[namespace].pk for namespace, _ in firsts],
        "name": [name for _, name in firsts],
        "kind": [UNKNOWN] * len(firsts),
    }
    pks = bulk.insert(DataSet, values, key=("system", "name"), conflict=_SAME_DATA_SET)
    data_sets = DataSet.objects.in_bulk(pks.values())
    stored = {}
    for namespace, name in firsts:
        data_set = data_sets[pks[systems[namespace].pk, name]]
        data_set.system = systems[namespace]
        stored[namespace, name] = data_set
    added = list(stored.values())
    record(events.LINEAGE_NAMED, data_sets=len(added), systems=sorted({one.system.name for one in added}))
    return {name: stored[group[0]] for group in groups for name in group}


def _external_systems(namespaces: Collection[str]) -> dict[str, System]:
    found = _by_namespace(namespaces)
    missing = sorted(set(namespaces) - found.keys())
    if not missing:
        return found
    taken = set(
        System.objects.filter(name__in=[_short(one) for one in missing]).values_list("name", flat=True)
    )
    System.objects.bulk_create(
        [
            System(
                name=_other(one) if _short(one) in taken else _short(one),
                kind=EXTERNAL,
                settings={"namespace": one},
            )
            for one in missing
        ],
        ignore_conflicts=True,
    )
    return _by_namespace(namespaces)


def _by_namespace(namespaces: Collection[str]) -> dict[str, System]:
    systems = System.objects.filter(kind=EXTERNAL, settings__namespace__in=list(namespaces))
    return {system.settings["namespace"]: system for system in systems}


def _short(namespace: str) -> str:
    return namespace if len(namespace) <= LONGEST_SYSTEM else _other(namespace)


def _other(namespace: str) -> str:
    """A name that no other namespace has, for one that is too long or taken by a connected system."""
    digest = sha256(namespace.encode()).hexdigest()[:8]
    return f"{namespace[: LONGEST_SYSTEM - 11]} · {digest}"
