"""A small estate without stores: only what the catalog knows of them."""

from collections.abc import Callable
from itertools import count

import pytest
from django.utils import timezone

from catalog.classification.vocabulary import CATEGORIES
from catalog.lineage import propagation
from catalog.models import Column, DataSet, Edge, Label, LineageJob, System


class Estate:
    """`estate("lake.people.email")`: that column; it is made, with its data set and system, if there is none."""

    def __init__(self) -> None:
        self.moment = count()

    def __call__(self, path: str) -> Column:
        data_set, _, name = path.rpartition(".")
        holder = self.data_set(data_set)
        made = {"position": holder.columns.count() + 1, "data_type": "text", "kind": "text"}
        return Column.objects.get_or_create(data_set=holder, name=name, defaults=made)[0]

    def data_set(self, path: str) -> DataSet:
        system_name, _, name = path.partition(".")
        system, _ = System.objects.get_or_create(
            name=system_name, defaults={"kind": "external", "region": "EU"}
        )
        return DataSet.objects.get_or_create(system=system, name=name, defaults={"kind": "table"})[0]

    def suggest(self, path: str, category: str, confidence: float = 0.9, **values: object) -> Column:
        """As a scan would."""
        column = self(path)
        sensitivity = str(CATEGORIES[category].sensitivity)
        made = {
            "origin": "scan",
            "state": "suggested",
            "evidence": [{"origin": "name", "weight": confidence, "detail": "Its name.", "examples": []}],
            "detector": "1",
        }
        Label.objects.create(
            column=column,
            category=category,
            sensitivity=sensitivity,
            confidence=confidence,
            **{**made, **values},
        )
        if not values:
            verdict = {"category": category, "sensitivity": sensitivity, "confidence": confidence}
            Column.objects.filter(pk=column.pk).update(**verdict)
        column.refresh_from_db()
        return column

    def flow(self, source: str, target: str, subtype: str = "IDENTITY", **values: object) -> Edge:
        """An edge as a producer would report it; a path with a colon at its end means the whole data set."""
        now = timezone.now()
        job, _ = LineageJob.objects.get_or_create(
            namespace="etl", name=str(values.pop("job", "nightly")), defaults={"last_seen_at": now}
        )
        from_column = None if source.endswith(":") else self(source)
        to_column = None if target.endswith(":") else self(target)
        made = {"origin": "event", "kind": "direct", "first_seen_at": now, "last_seen_at": now}
        return Edge.objects.create(
            source=from_column.data_set if from_column else self.data_set(source[:-1]),
            source_column=from_column,
            target=to_column.data_set if to_column else self.data_set(target[:-1]),
            target_column=to_column,
            job=job,
            subtype=subtype,
            **{**made, **values},
        )


@pytest.fixture
def estate(db: None) -> Estate:
    return Estate()


@pytest.fixture
def propagated(estate: Estate, work: Callable) -> Callable[[], dict[str, list[tuple[str, float]]]]:
    """`propagated()` runs the job; the live lineage labels, by column, as (category, confidence)."""

    def run() -> dict[str, list[tuple[str, float]]]:
        propagation.request()
        ended = work()
        assert {job.state for job in ended} <= {"done"}, [job.message for job in ended]
        found: dict[str, list[tuple[str, float]]] = {}
        live = Label.objects.filter(origin="lineage", state="suggested").select_related(
            "column__data_set__system"
        )
        for label in live.order_by("column__data_set__name", "column__name", "-confidence"):
            column = label.column
            path = f"{column.data_set.system.name}.{column.data_set.name}.{column.name}"
            found.setdefault(path, []).append((label.category, label.confidence))
        return found

    return run
