"""A real producer, openlineage-python, posts a run to a running console."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset, tags_dataset
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpCompression, HttpConfig, HttpTransport

from catalog.models import Edge, Label, LineageRun
from governance.console.models import ApiToken, User
from tests.catalog.lineage.openlineage import DB, edges

RUN = "0199e3a2-0000-7000-8000-000000000001"


@pytest.mark.parametrize("compression", [None, HttpCompression.GZIP])
def test_a_run_is_posted(
    compression: HttpCompression | None, live_server, emil: User, transactional_db: None
):
    _, secret = ApiToken.issue(emil, name="producer", scopes=["lineage.send"])
    client = OpenLineageClient(
        transport=HttpTransport(
            HttpConfig(
                url=live_server.url, auth=ApiKeyTokenProvider({"apiKey": secret}), compression=compression
            )
        )
    )
    source = InputDataset(
        namespace=DB,
        name="shop.public.people",
        facets={
            "schema": schema_dataset.SchemaDatasetFacet(
                fields=[schema_dataset.SchemaDatasetFacetFields(name="mail", type="text")]
            ),
            "tags": tags_dataset.TagsDatasetFacet(
                tags=[tags_dataset.TagsDatasetFacetFields(key="pii", value="email", field="mail")]
            ),
        },
    )
    target = OutputDataset(
        namespace=DB, name="shop.public.keys", facets={"columnLineage": masked("mail", "key")}
    )
    for state, minute in ((RunState.START, 0), (RunState.COMPLETE, 5)):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=datetime(2026, 3, 1, 10, minute, tzinfo=UTC).isoformat(),
                run=Run(runId=RUN),
                job=Job(namespace="nightly", name="hash"),
                inputs=[source],
                outputs=[target],
            )
        )
    client.close()
    assert edges() == {("shop.public.people:mail", "shop.public.keys:key", "direct", "TRANSFORMATION", True)}
    edge = Edge.objects.get()
    assert (edge.evidence, edge.origin, edge.job.name) == ("sha256(mail)", "event", "hash")
    assert (edge.run.run_id, edge.run.state) == (UUID(RUN), "COMPLETE")
    assert LineageRun.objects.count() == 1
    assert Label.objects.get().category == "contact.email"


def masked(source: str, target: str) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    how = column_lineage_dataset.Transformation(
        type="DIRECT", subtype="TRANSFORMATION", description=f"sha256({source})", masking=True
    )
    given = column_lineage_dataset.InputField(
        namespace=DB, name="shop.public.people", field=source, transformations=[how]
    )
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={target: column_lineage_dataset.Fields(inputFields=[given])}
    )
