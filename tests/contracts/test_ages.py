"""What every kind of store that tells the age of rows must do alike: count and expire what is older."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from catalog.connectors.base import Capability, ConnectorError, DataSetMissing, Older
from catalog.connectors.destruction import open_writable
from catalog.connectors.opening import open_connector
from tests.contracts.ages import MOMENT, OLDER, WAYS, YOUNGER, ZONE, put_ages
from tests.contracts.stores import STORES
from tests.contracts.stores.base import Store

ELSEWHERE = {"iceberg", "kafka"}  # whose rows go otherwise: see test_iceberg.py and test_kafka_changes.py
EXPIRING = [name for name, cls in STORES.items() if cls.can(Capability.EXPIRE) and cls.kind not in ELSEWHERE]


@pytest.fixture(params=EXPIRING)
def store(request: pytest.FixtureRequest) -> Store:
    return STORES[request.param].start(request)


@pytest.fixture
def ages(store: Store) -> str:
    return put_ages(store)


@pytest.fixture(autouse=True)
def controller_in_berlin() -> Iterator[None]:
    with timezone.override(ZoneInfo(ZONE)):
        yield


def ids(store: Store, ages: str) -> list[int]:
    with open_connector(store.kind, store.settings) as reader:
        batches = reader.read(ages, columns=["id"])
        return sorted(int(number) for batch in batches for number in batch["id"].to_pylist())


def test_every_way_is_tried() -> None:
    assert {STORES[name].kind if STORES[name].kind in WAYS else name for name in EXPIRING} == set(WAYS)


@pytest.mark.parametrize("column", ["day", "moment", "zoned"])
def test_what_is_older_is_counted_and_goes_some_at_a_time(store: Store, ages: str, column: str) -> None:
    older = Older(column, MOMENT)
    with open_writable(store.kind, store.settings) as writer:
        assert writer.count_older(ages, older) == len(OLDER)
        assert [writer.expire(ages, older, limit=2) for _ in range(3)] == [2, 1, 0]
        writer.settle(ages)
        assert writer.count_older(ages, older) == 0
    assert ids(store, ages) == YOUNGER
    with open_connector(store.kind, store.settings) as reader:
        assert reader.count(store.data_set("people")) == 200


def test_a_reader_counts_and_expires_nothing(store: Store, ages: str) -> None:
    with open_connector(store.kind, store.settings) as reader:
        assert reader.count_older(ages, Older("moment", MOMENT)) == len(OLDER)
        with pytest.raises(RuntimeError, match="only reads"):
            reader.expire(ages, Older("moment", MOMENT), limit=10)
    assert ids(store, ages) == sorted(OLDER + YOUNGER)


def test_words_have_no_age(store: Store, ages: str) -> None:
    with open_writable(store.kind, store.settings) as writer:
        for attempt in (
            lambda: writer.count_older(ages, Older("word", MOMENT)),
            lambda: writer.expire(ages, Older("word", MOMENT), limit=10),
        ):
            with pytest.raises(ConnectorError, match="date") as refused:
                attempt()
            assert refused.value.remedy
            assert "about" not in str(refused.value)
    assert ids(store, ages) == sorted(OLDER + YOUNGER)


def test_a_missing_column_has_no_age(store: Store, ages: str) -> None:
    with open_writable(store.kind, store.settings) as writer:
        with pytest.raises(DataSetMissing, match="'gone'"):
            writer.count_older(ages, Older("gone", MOMENT))
        with pytest.raises(DataSetMissing, match="'gone'"):
            writer.expire(ages, Older("gone", MOMENT), limit=10)
