"""Events for tests: the files of producers, small ones made to order, and the edges that came of them."""

import copy
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from catalog.lineage.receiving import receive
from catalog.models import Edge

DATA = Path(__file__).resolve().parents[2] / "data" / "openlineage"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
PRODUCER = "https://example.com/producer"
DB = "postgres://db:5432"


def load(path: str) -> Any:
    return json.loads((DATA / path).read_text())


def scenario(name: str) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted((DATA / "scenarios" / name).glob("*.json"))]


def facet(**content: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": SCHEMA + "BaseFacet", **content}


def data_set(name: str, *, namespace: str = DB, **facets: Any) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": name,
        "facets": {key: facet(**one) for key, one in facets.items()},
    }


def columns(**types: str) -> dict[str, Any]:
    """The content of a facet `schema`."""
    return {"fields": [{"name": name, "type": data_type} for name, data_type in types.items()]}


def lineage(source: str, dataset: list[Any] | None = None, **fields: tuple[Any, ...]) -> dict[str, Any]:
    """The content of a facet `columnLineage`: `city=("town", "DIRECT", "IDENTITY", False)`."""
    return {
        "fields": {name: {"inputFields": [input_field(source, *one)]} for name, one in fields.items()}
    } | ({"dataset": dataset} if dataset else {})


def input_field(
    source: str, field: str, kind: str = "", subtype: str = "", masking: bool = False
) -> dict[str, Any]:
    how = [{"type": kind, "subtype": subtype, "masking": masking}] if kind else []
    return {"namespace": DB, "name": source, "field": field, "transformations": how}


def run_event(
    event_type: str = "COMPLETE",
    *,
    at: str = "2026-03-01T10:00:00Z",
    job: str = "load",
    run: UUID | None = None,
    inputs: list[Any] | None = None,
    outputs: list[Any] | None = None,
    job_facets: dict[str, Any] | None = None,
    run_facets: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "eventType": event_type,
        "eventTime": at,
        "producer": PRODUCER,
        "schemaURL": SCHEMA + "RunEvent",
        "run": {"runId": str(run or uuid4()), "facets": run_facets or {}},
        "job": {"namespace": "nightly", "name": job, "facets": job_facets or {}},
        "inputs": inputs or [],
        "outputs": outputs or [],
    }


def data_set_event(given: dict[str, Any], *, at: str = "2026-03-01T10:00:00Z") -> dict[str, Any]:
    return {"eventTime": at, "producer": PRODUCER, "schemaURL": SCHEMA + "DatasetEvent", "dataset": given}


def send(*events: Any) -> None:
    """All of them must be stored."""
    assert receive(copy.deepcopy(list(events))) == []


Seen = tuple[str, str, str, str, bool]


def edges(*, live: bool = True, job: str | None = None) -> set[Seen]:
    """(source, target, kind, subtype, masking), a column as `data set:column`."""
    found = Edge.objects.filter(gone_at__isnull=live).select_related(
        "source", "target", "source_column", "target_column", "job"
    )
    return {
        (
            _end(edge.source.name, edge.source_column),
            _end(edge.target.name, edge.target_column),
            edge.kind,
            edge.subtype,
            edge.masking,
        )
        for edge in found
        if job is None or (edge.job and edge.job.name == job)
    }


def _end(name: str, column: Any) -> str:
    return f"{name}:{column.name}" if column else name
