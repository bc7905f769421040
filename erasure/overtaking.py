"""Whether everything still is as it was approved: asked of the stores before the first write."""

from collections.abc import Iterable, Sequence

from catalog.connectors.base import DataSetInfo, Unreachable
from catalog.models import DataSet
from erasure.counting import count_each
from erasure.estate import Connections
from erasure.fingerprints import fingerprint_of, schema_digest
from erasure.keysets import KeySet
from erasure.models import Step
from erasure.working import Work
from retention.holds import holds_on


def overtaken(works: Sequence[Work]) -> tuple[dict[Work, str], dict[Work, Unreachable]]:
    """Of the plans that must not be carried out any more, why; of those whose systems do not answer, what was said.

    As many queries in each store as for one plan, where all is as it was. Raises ConnectorError.
    """
    why: dict[Work, str] = {}
    silent: dict[Work, Unreachable] = {}
    for work in works:
        if fingerprint_of(work.plan, work.steps) != work.plan.fingerprint:
            why[work] = "The stored plan is not the one that was approved."
    members: dict[DataSet, list[tuple[Work, Step]]] = {}
    for work in works:
        for step in work.on_rows:
            assert step.data_set is not None
            members.setdefault(step.data_set, []).append((work, step))
    holds = holds_on(members)
    with Connections() as connections:
        for these in _by_system(members):
            try:
                schemas = current_schemas(connections, these)
                for data_set in these:
                    open_steps = [(work, step) for work, step in members[data_set] if work not in why]
                    hold = holds.get(data_set.pk)
                    _compare(
                        connections,
                        data_set,
                        open_steps,
                        hold.pk if hold else None,
                        schemas[data_set.pk],
                        why,
                    )
            except Unreachable as silence:
                silent |= {work: silence for data_set in these for work, _ in members[data_set]}
    return why, {work: silence for work, silence in silent.items() if work not in why}


def current_schemas(connections: Connections, data_sets: Iterable[DataSet]) -> dict[int, DataSetInfo | None]:
    """What the stores say now about these data sets; None for one that is gone."""
    data_sets = list(data_sets)
    schemas: dict[int, DataSetInfo | None] = {data_set.pk: None for data_set in data_sets}
    for members in _by_system(data_sets):
        wanted = {data_set.name: data_set.pk for data_set in members}
        for info in connections.to(members[0].system).discover():
            if info.name in wanted:
                schemas[wanted[info.name]] = info
    return schemas


def _by_system(data_sets: Iterable[DataSet]) -> list[list[DataSet]]:
    found: dict[int, list[DataSet]] = {}
    for data_set in data_sets:
        found.setdefault(data_set.system_id, []).append(data_set)
    return list(found.values())


def _compare(
    connections: Connections,
    data_set: DataSet,
    steps: list[tuple[Work, Step]],
    hold: int | None,
    schema: DataSetInfo | None,
    why: dict[Work, str],
) -> None:
    digest = schema_digest(schema, data_set.system)
    for work, step in steps:
        reason = ""
        if hold != step.hold_id:
            reason = f"The legal holds on {data_set} have changed."
        elif work.keys_for(step).digest() != step.keys_digest:
            reason = f"The person was searched for again, with another result in {data_set}."
        elif not digest:
            reason = f"{data_set} is gone."
        elif digest != step.schema_digest:
            reason = f"The structure of {data_set}, or the settings of its system, changed."
        if reason:
            why.setdefault(work, reason)
    left = [(work, step) for work, step in steps if work not in why]
    if not left:
        return
    connector = connections.to(data_set.system)
    expected = [step.rows_before for _, step in left]
    if (
        len(left) > 1 and data_set.primary_key
    ):  # where no more rows than keys can be found, a sum tells of each
        every = KeySet.together(work.keys_for(step) for work, step in left)
        if every.size == sum(expected) == connector.count(data_set.name, every.matches):
            return
    counted = count_each(connector, data_set.name, [work.keys_for(step).matches for work, step in left])
    for (work, step), rows in zip(left, counted, strict=True):
        if rows != step.rows_before:
            why.setdefault(work, f"{data_set} had {step.rows_before} rows of the person and has {rows} now.")
