"""Events go when they have been kept long enough: no day too early, and not those that late ones are held against."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from catalog.lineage import expiring
from catalog.models import Column, Edge, LineageEvent
from catalog.tasks import expire_lineage
from tests.catalog.ledger import facts_of
from tests.catalog.lineage.openlineage import (
    columns,
    data_set,
    data_set_event,
    edges,
    lineage,
    run_event,
    send,
)

COPIED = ("DIRECT", "IDENTITY", False)


def loading(at: str, event_type: str = "COMPLETE", **fields: str) -> dict[str, Any]:
    told = lineage("shop.people", **{name: (source, *COPIED) for name, source in fields.items()})
    outputs = [data_set("shop.report", columnLineage=told)] if event_type == "COMPLETE" else []
    return run_event(event_type, at=at, outputs=outputs)


def age(**ago: float) -> None:
    LineageEvent.objects.update(received_at=timezone.now() - timedelta(**ago))


def kept() -> list[tuple[str, str]]:
    found = LineageEvent.objects.order_by("event_time").values_list("event_type", "event_time")
    return [(event_type, f"{at:%m-%d}") for event_type, at in found]


def test_the_schedule_names_the_task() -> None:
    assert expire_lineage.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert settings.LINEAGE_EVENT_DAYS == 90


def test_events_go_after_their_days_and_what_they_told_stays(db: None, sequenced: Callable) -> None:
    send(loading("2026-03-01T10:00:00Z", "START"), loading("2026-03-01T11:00:00Z", mail="email"))
    send(loading("2026-03-02T10:00:00Z", "START"), loading("2026-03-02T11:00:00Z", mail="email"))
    send(loading("2026-03-03T10:00:00Z", "FAIL"))
    told = edges(), Edge.objects.count(), Column.objects.count()
    age(days=90, seconds=-60)
    expire_lineage()
    assert LineageEvent.objects.count() == 5
    age(days=90, seconds=1)
    before = len(sequenced())
    expire_lineage()
    expire_lineage()
    assert kept() == [("COMPLETE", "03-02")]
    assert [facts_of(entry) for entry in sequenced()[before:]] == [
        ("lineage.expired", {"events": 4, "days": 90})
    ]
    assert (edges(), Edge.objects.count(), Column.objects.count()) == told


def test_what_comes_late_is_still_held_against_the_last_complete_event(db: None) -> None:
    send(loading("2026-03-02T10:00:00Z", mail="email"), loading("2026-03-03T10:00:00Z", mail="email"))
    age(days=100)
    assert expiring.expire() == 1
    send(loading("2026-03-01T10:00:00Z", mail="email", town="city"))
    assert edges() == {("shop.people:email", "shop.report:mail", "direct", "IDENTITY", False)}


def test_the_last_event_on_each_data_set_stays(db: None) -> None:
    for name in ("shop.a", "shop.b"):
        for day in (1, 2):
            send(data_set_event(data_set(name, schema=columns(id="int")), at=f"2026-03-0{day}T10:00:00Z"))
    age(days=91)
    assert expiring.expire() == 2
    left = LineageEvent.objects.values_list("payload__dataset__name", "event_time__day")
    assert set(left) == {("shop.a", 2), ("shop.b", 2)}


def test_more_than_a_chunk_goes_in_chunks(
    db: None, sequenced: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "CHUNK", 2)
    send(*[run_event("RUNNING", at=f"2026-03-0{day}T10:00:00Z") for day in (1, 2, 3)])
    age(days=91)
    before = len(sequenced())
    assert expiring.expire() == 3
    assert [facts_of(entry)[1]["events"] for entry in sequenced()[before:]] == [2, 1]


def test_with_zero_days_nothing_goes(db: None, settings: Any) -> None:
    settings.LINEAGE_EVENT_DAYS = 0
    send(run_event("START"))
    age(days=10_000)
    assert expiring.expire() == 0
    assert LineageEvent.objects.count() == 1
