"""One OpenLineage event, checked and understood. Pure: knows no database.

Source: OpenLineage 2-0-2 (https://openlineage.io/spec/2-0-2/OpenLineage.json). Lenient where producers are careless: a
missing `schemaURL` (the shape tells), a time without its zone (UTC), a run id that is no UUID (one is derived from it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.utils import timezone

from catalog.lineage.canonical import Name
from catalog.lineage.facets import DataSetFacets, name_of, read_facets
from catalog.lineage.flowing import NamedFlow, flows_into, flows_of_job
from catalog.lineage.statements import Statement, read_statement
from catalog.lineage.typed import LONGEST_NAME, BadEvent, Node, canonical_json
from catalog.models import LineageEvent

Kind = LineageEvent.Kind
TYPES = frozenset({"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"})
ENDS = frozenset({"COMPLETE", "ABORT", "FAIL"})
MOST_DATA_SETS = 2_000
MOST_FLOWS = 100_000
AHEAD = timedelta(days=1)  # a clock may be wrong, but an event out of the far future would outdate all others
_KINDS = {"RunEvent": Kind.RUN, "DatasetEvent": Kind.DATA_SET, "JobEvent": Kind.JOB}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class DataSetRead:
    """A data set as the event names it; `sources` None: it does not say where the content comes from."""

    name: Name
    written: bool
    facets: DataSetFacets
    sources: list[NamedFlow] | None


@dataclass(frozen=True, slots=True)
class JobRead:
    """A job; its names are its producer's own and stay as they are."""

    name: Name
    kind: str = ""
    description: str = ""
    statement: Statement | None = None
    facets: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """`complete`: what it says of a data set's sources is all there is, not what is known so far.

    `body` is the event in canonical JSON, `digest` its SHA-256.
    """

    kind: LineageEvent.Kind
    event_type: str
    at: datetime
    producer: str
    digest: bytes
    body: bytes
    job: JobRead | None
    run: UUID | None
    parent: JobRead | None
    parent_run: UUID | None
    data_sets: tuple[DataSetRead, ...]
    entries: dict[Name, list[NamedFlow]]

    @property
    def complete(self) -> bool:
        return self.kind != Kind.RUN or self.event_type == "COMPLETE"

    def inputs(self) -> list[DataSetRead]:
        return [one for one in self.data_sets if not one.written]

    def outputs(self) -> list[DataSetRead]:
        return [one for one in self.data_sets if one.written]

    def flows(self) -> Iterator[NamedFlow]:
        for one in self.data_sets:
            yield from one.sources or ()
        for flows in self.entries.values():
            yield from flows


def read_event(payload: Any) -> Event:
    """Raises BadEvent, naming the place, for what is no event or cannot be stored."""
    if not isinstance(payload, dict):
        raise BadEvent("", "An event must be an object.")
    body = canonical_json(payload)
    node = Node(payload)
    at, producer, kind = _time(node), node.name("producer", most=2_000), _kind(node)
    event_type = node.text("eventType")
    if event_type and event_type not in TYPES:
        raise BadEvent("eventType", f"must be one of {', '.join(sorted(TYPES))}.")
    job = _job(node.needed("job")) if kind != Kind.DATA_SET else None
    run, parent, parent_run = _run(node) if kind == Kind.RUN else (None, None, None)
    event = Event(
        kind=kind,
        event_type=event_type if kind == Kind.RUN else "",
        at=at,
        producer=producer,
        digest=sha256(body).digest(),
        body=body,
        job=job,
        run=run,
        parent=parent,
        parent_run=parent_run,
        data_sets=tuple(_data_sets(node, kind)),
        entries=flows_of_job(node.node("job")) if job else {},
    )
    _refuse_too_many(event)
    return event


def _kind(node: Node) -> LineageEvent.Kind:
    """By the definition that `schemaURL` points to, else by the shape."""
    pointed = node.text("schemaURL", most=2_000).rpartition("/")[2]
    if pointed in _KINDS:
        return _KINDS[pointed]
    shapes = {"run": Kind.RUN, "dataset": Kind.DATA_SET, "job": Kind.JOB}
    for key, kind in shapes.items():
        if node.value.get(key) is not None:
            return kind
    raise BadEvent("", "An event has a run, a dataset or a job; this has none of them.")


def _time(node: Node) -> datetime:
    text = node.name("eventTime", most=100)
    try:
        if not _TIME.match(text):
            raise ValueError
        at = datetime.fromisoformat(text.upper())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadEvent("eventTime", "must be a date and time as ISO 8601 has it.") from None
    if at > timezone.now() + AHEAD:
        raise BadEvent("eventTime", "lies more than a day in the future: set the producer's clock.")
    return at


def _job(node: Node, *, bare: bool = False) -> JobRead:
    name = node.name("namespace"), node.name("name")
    if bare:
        return JobRead(name)
    facets = node.node("facets")
    for _ in node.members("facets", most=1_000):
        pass  # each must be an object
    kind = facets.node("jobType")
    words = (kind.text("integration"), kind.text("jobType"))
    return JobRead(
        name,
        kind=" ".join(word for word in words if word)[:80],
        description=facets.node("documentation").text("description"),
        statement=read_statement(facets),
        facets=facets.value,
    )


def _run(node: Node) -> tuple[UUID, JobRead | None, UUID | None]:
    run = node.needed("run")
    for _ in run.members("facets", most=1_000):
        pass
    parent = run.node("facets").node("parent")
    if not parent.value or parent.flag("_deleted"):
        return _run_id(run), None, None
    return _run_id(run), _job(parent.needed("job"), bare=True), _run_id(parent.needed("run"))


def _run_id(run: Node) -> UUID:
    text = run.name("runId", most=LONGEST_NAME)
    try:
        return UUID(text)
    except ValueError:
        return uuid5(NAMESPACE_OID, text)


def _data_sets(node: Node, kind: LineageEvent.Kind) -> Iterator[DataSetRead]:
    if kind == Kind.DATA_SET:
        yield _data_set(node.needed("dataset"), written=True)
        return
    for written, key in enumerate(("inputs", "outputs")):
        for given in node.nodes(key, most=MOST_DATA_SETS):
            yield _data_set(given, written=bool(written))


def _data_set(node: Node, *, written: bool) -> DataSetRead:
    name = name_of(node)
    return DataSetRead(name, written, read_facets(node), flows_into(node, name))


def count_edges(event: Event) -> int:
    """Edges between every input and every output, or named ones."""
    silent = sum(1 for one in event.outputs() if one.sources is None)
    return sum(1 for _ in event.flows()) + len(event.inputs()) * silent


def _refuse_too_many(event: Event) -> None:
    """Edges beyond what anybody can use."""
    if (count := count_edges(event)) > MOST_FLOWS:
        raise BadEvent("outputs", f"makes {count:,} edges; {MOST_FLOWS:,} are allowed in one event.")
