"""What the company's pipelines say of themselves: one OpenLineage event for the last run of each job.

The mailing partner is known from these events alone. It lies in the United States: addresses go there under a
safeguard, and the counts by country go there too, which nobody has looked at yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from catalog import registering
from catalog.connectors import registry
from catalog.lineage.receiving import receive
from catalog.localization import ruling
from catalog.models import EXTERNAL, Safeguard, System
from erasure.demo import DemoProblem, cast
from erasure.demo.flows import JOBS, MAIL, Flow, Job, Place
from erasure.demo.stores import Store

PRODUCER = "https://pipelines.chinook.example"
NAMESPACE = "chinook"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACET = (
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
)
FIRST_RUN = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
PARTNER_REGION = "US"
DECISION = "EU-US Data Privacy Framework, Decision (EU) 2023/1795"


class Name(NamedTuple):
    namespace: str
    name: str


def tell(found: list[Store]) -> None:
    """Send the events of the jobs whose stores are there, and say of the partner where it is and what allows it.

    Once told, it is not told again. Raises DemoProblem where the catalog refuses an event.
    """
    if System.objects.filter(kind=EXTERNAL, settings__namespace=MAIL).exists():
        return
    places = {store.name: store for store in found}
    jobs = [
        job for job in JOBS if all(place.system in places or place.system == MAIL for place in job.places)
    ]
    with cast.acting_as("emil"):
        failures = receive([_event(job, hour, places) for hour, job in enumerate(jobs)])
        if failures:
            raise DemoProblem(f"The lineage of the demo could not be stored: {failures[0].reason}")
    partner = System.objects.filter(kind=EXTERNAL, settings__namespace=MAIL).first()
    if partner:
        _place(partner)


def _place(partner: System) -> None:
    with cast.acting_as("emil"):
        registering.change(
            partner, name=partner.name, settings={}, region=PARTNER_REGION, custodian=cast.custodian()
        )
    with cast.acting_as("amir") as amir:
        if amir:
            ruling.put_safeguard(
                kind=Safeguard.Kind.ADEQUACY,
                system=partner,
                categories=["contact.email"],
                reference=DECISION,
                by=amir,
            )


def _event(job: Job, hour: int, places: Mapping[str, Store]) -> dict[str, Any]:
    target = _name(job.target, places)
    sources = sorted({_name(flow.source, places) for flow in job.flows})
    return {
        "eventType": "COMPLETE",
        "eventTime": (FIRST_RUN + timedelta(hours=hour)).isoformat(),
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
        "run": {"runId": str(uuid5(NAMESPACE_URL, f"{PRODUCER}/{job.name}"))},
        "job": {
            "namespace": NAMESPACE,
            "name": job.name,
            "facets": {"documentation": _facet(description=job.description)},
        },
        "inputs": [source._asdict() for source in sources],
        "outputs": [
            target._asdict()
            | {
                "facets": {
                    "schema": _facet(fields=[{"name": name} for name in job.columns]),
                    "columnLineage": _facet(fields=dict(_fields(job, places))) | {"_schemaURL": FACET},
                }
            }
        ],
    }


def _fields(job: Job, places: Mapping[str, Store]) -> Iterator[tuple[str, dict[str, Any]]]:
    for column in job.columns:
        inputs = [_input(flow, places) for flow in job.flows if flow.column == column]
        yield column, {"inputFields": inputs}


def _input(flow: Flow, places: Mapping[str, Store]) -> dict[str, Any]:
    how = {
        "type": "DIRECT",
        "subtype": flow.subtype,
        "masking": flow.masking,
        "description": flow.expression,
    }
    return {**_name(flow.source, places)._asdict(), "field": flow.source_column, "transformations": [how]}


def _name(place: Place, places: Mapping[str, Store]) -> Name:
    """As the store of the place is named by OpenLineage's specification."""
    if place.system == MAIL:
        return Name(MAIL, place.data_set)
    store = places[place.system]
    connector = registry.get(store.kind)(store.settings)
    return Name(connector.lineage_namespace(), connector.lineage_name(place.data_set))


def _facet(**content: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, **content}
