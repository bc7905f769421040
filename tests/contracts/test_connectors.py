"""What every kind of store must do alike: the contract of catalog.connectors.base, run against real stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest

from catalog.connectors import registry
from catalog.connectors.base import (
    Capability,
    Connector,
    DataSetInfo,
    DataSetMissing,
    Kind,
    Match,
    Operation,
    Replacement,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.opening import open_connector
from tests.contracts.stores import STORES
from tests.contracts.stores.base import HOSTILE_TABLE, LONG, TABLES, Store


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test runs on every store whose connector can do what it asks for."""
    if "store" in metafunc.fixturenames:
        needed = set()
        if "finder" in metafunc.fixturenames:
            needed.add(Capability.FIND)
        if "writer" in metafunc.fixturenames:
            needed |= {Capability.FIND, Capability.CHANGE}
        names = [name for name, cls in STORES.items() if all(cls.can(each) for each in needed)]
        metafunc.parametrize("store", names, indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Store:
    return STORES[request.param].start(request)


@pytest.fixture
def reader(store: Store) -> Iterator[Connector]:
    with open_connector(store.kind, store.settings) as connector:
        yield connector


@pytest.fixture
def finder(reader: Connector) -> Connector:
    """A reader that can look rows up by their values."""
    return reader


@pytest.fixture
def writer(store: Store) -> Iterator[Connector]:
    with open_writable(store.kind, store.settings) as connector:
        yield connector


def match(fold: bool = False, **keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}), fold)]


def rows(connector: Connector, data_set: str) -> list[dict[str, Any]]:
    found = [row for batch in connector.read(data_set) for row in batch.to_pylist()]
    return sorted(found, key=lambda row: [str(value).zfill(9) for value in row.values()])


def described(connector: Connector, data_set: str) -> DataSetInfo:
    return next(found for found in connector.discover() if found.name == data_set)


# Feast takes none of the hostile names, and its tables are views over entities: tests/catalog/test_feast.py holds
# its connector to the same promises.
EXEMPT = {"feast"}


def test_every_kind_is_in_the_contract() -> None:
    assert set(registry.classes) - EXEMPT == {cls.kind for cls in STORES.values()}


def test_every_secret_field_is_a_field_of_the_form() -> None:
    for connector in registry.classes.values():
        assert connector.secret_fields <= set(connector.Form.base_fields)


def test_settings_pass_the_form(store: Store) -> None:
    form = registry.get(store.kind).Form({"sslmode": "prefer", **store.settings})
    assert form.is_valid(), form.errors


def test_check_says_one_line(reader: Connector) -> None:
    line = reader.check()
    assert line
    assert "\n" not in line


def test_close_twice(reader: Connector) -> None:
    reader.check()
    reader.close()
    reader.close()
    assert reader.check()  # and it opens again


def test_discover_names_each_data_set_once(store: Store, reader: Connector) -> None:
    assert [found.name for found in reader.discover()] == sorted(map(store.data_set, TABLES))


def test_discover_describes_columns(store: Store, reader: Connector) -> None:
    people = described(reader, store.data_set("people"))
    number = Kind.INTEGER if store.typed else Kind.TEXT
    assert [(column.name, column.position, column.kind) for column in people.columns] == [
        ("id", 1, number),
        ("name", 2, Kind.TEXT),
        ("email", 3, Kind.TEXT),
        ("note", 4, Kind.TEXT),
    ]
    assert people.problem == ""


def test_sample_is_text_cut_in_the_store(store: Store, reader: Connector) -> None:
    sample = reader.sample(store.data_set("people"), rows=500)
    assert sample.schema == pa.schema([(name, pa.string()) for name in ("id", "name", "email", "note")])
    assert len(sample) == 200
    assert sorted(map(int, sample["id"].to_pylist())) == list(range(1, 201))
    long = sample["name"].to_pylist()[sample["id"].to_pylist().index("5")]
    assert long == LONG[:4096]


def test_sample_is_spread_and_repeatable(store: Store, reader: Connector) -> None:
    sample = reader.sample(store.data_set("orders"), rows=60, seed=1)
    again = reader.sample(store.data_set("orders"), rows=60, seed=1)
    other = reader.sample(store.data_set("orders"), rows=60, seed=2)
    assert len(sample) == 60
    assert sample.equals(again)
    assert not sample.equals(other)
    places = [int(name.split()[1]) for name in sample["product"].to_pylist()]
    assert len(set(places)) == 60
    assert min(places) < 200
    assert max(places) >= 400


def test_read_returns_what_is_there(store: Store, reader: Connector) -> None:
    assert rows(reader, store.data_set("people")) == store.rows("people")
    assert rows(reader, store.data_set("orders")) == store.rows("orders")


def test_read_keeps_batches_small(store: Store, reader: Connector) -> None:
    batches = list(reader.read(store.data_set("orders"), columns=["product"], batch_rows=50))
    assert max(len(batch) for batch in batches) <= 50
    assert sum(len(batch) for batch in batches) == 600
    assert {tuple(batch.schema.names) for batch in batches} == {("product",)}


def test_find_by_one_key(store: Store, finder: Connector) -> None:
    found = finder.find(store.data_set("orders"), match(person_id=[7]), ["product", "line"])
    assert found.column_names == ["product", "line"]
    assert sorted(found["product"].to_pylist()) == ["product 18", "product 19", "product 20"]
    assert found.schema.field("line").type == (pa.int64() if store.typed else pa.string())


def test_find_by_a_hundred_thousand_keys(store: Store, finder: Connector) -> None:
    keys = list(range(100, 100_100))
    found = finder.find(store.data_set("people"), match(id=keys), ["id"])
    assert sorted(map(int, found["id"].to_pylist())) == list(range(100, 201))


def test_find_by_any_of_several_matches_once(store: Store, finder: Connector) -> None:
    matches = [*match(id=[3, 4]), *match(email=["p4@example.org", "p9@example.org"])]
    found = finder.find(store.data_set("people"), matches, ["id"])
    assert sorted(map(int, found["id"].to_pylist())) == [3, 4, 9]


def test_find_folded(store: Store, finder: Connector) -> None:
    people = store.data_set("people")
    key = ["zoë@EXAMPLE.org"]
    assert finder.count(people, match(fold=True, email=key)) == 1
    assert finder.count(people, match(email=key)) == 0
    assert finder.count(people, match(fold=True, id=[7], email=[" P7@example.ORG"])) == 1
    assert finder.count(people, match(fold=True, id=[8], email=[" P7@example.ORG"])) == 0


def test_find_by_composite_key(store: Store, finder: Connector) -> None:
    found = finder.find(store.data_set("orders"), match(person_id=[1, 2, 2], line=[0, 2, 9]), ["product"])
    assert sorted(found["product"].to_pylist()) == ["product 0", "product 5"]


@pytest.mark.parametrize("value", ["山田 太郎", 'Robert "Bob" O\'Neil', LONG])
def test_find_by_any_text(store: Store, finder: Connector, value: str) -> None:
    assert finder.count(store.data_set("people"), match(name=[value])) == 1


def test_find_by_text_with_line_ends(store: Store, finder: Connector) -> None:
    found = finder.find(
        store.data_set("people"), match(note=["two\nlines, and; more", "carriage\r\nreturn"]), ["id"]
    )
    assert sorted(map(int, found["id"].to_pylist())) == [1, 2]


def test_a_key_that_cannot_be_there_matches_nothing(store: Store, finder: Connector) -> None:
    people = store.data_set("people")
    for key in (["abc"], ["1e999999"], [2**62], [1.5], ["07"], [True], [None], ["a\0b"], [""]):
        assert finder.count(people, match(id=key)) == 0, key
    assert finder.count(people, match(id=["abc", "7"])) == 1
    assert finder.count(people, match(id=[None, 7], email=["p2@example.org", "p7@example.org"])) == 1
    assert finder.count(people, match(name=[None])) == 0


def test_nothing_matches_without_matches(store: Store, finder: Connector) -> None:
    people = store.data_set("people")
    assert finder.find(people, [], ["id"]).num_rows == 0
    assert finder.count(people, []) == 0
    assert finder.count(people, match(id=pa.array([], pa.int64()))) == 0


def test_a_match_without_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one column"):
        Match(pa.table({}))


def test_count(store: Store, finder: Connector) -> None:
    assert finder.count(store.data_set("orders")) == 600
    assert finder.count(store.data_set("orders"), match(person_id=[1, 2])) == 6


def test_empty_data_set(store: Store, finder: Connector) -> None:
    nobody = store.data_set("nobody")
    columns = [] if store.schemaless else ["id", "name", "email", "note"]
    assert [column.name for column in described(finder, nobody).columns] == columns
    assert finder.count(nobody) == 0
    assert list(finder.read(nobody)) == []
    assert finder.sample(nobody, rows=5).num_rows == 0
    if not store.schemaless:
        found = finder.find(nobody, match(id=[1]), ["id", "name"])
        assert (found.num_rows, found.column_names) == (0, ["id", "name"])


def test_nothing_is_deleted_from_an_empty_data_set(store: Store, writer: Connector) -> None:
    if store.schemaless:
        with pytest.raises(DataSetMissing):
            writer.delete(store.data_set("nobody"), match(id=[1]))
    else:
        assert writer.delete(store.data_set("nobody"), match(id=[1])) == 0


def test_hostile_names_and_values(store: Store, finder: Connector) -> None:
    data_set = store.data_set(HOSTILE_TABLE)
    value = "a'; drop table people;--"
    hostile = [Match(pa.table({store.hostile_column: [value]}))]
    assert [column.name for column in described(finder, data_set).columns] == ["id", store.hostile_column]
    assert finder.sample(data_set, rows=5).num_rows == 2
    assert rows(finder, data_set) == store.rows(HOSTILE_TABLE)
    assert finder.find(data_set, hostile, [store.hostile_column]).to_pylist() == [
        {store.hostile_column: value}
    ]
    assert finder.count(store.data_set("people")) == 200


def test_hostile_names_and_values_are_changed(store: Store, reader: Connector, writer: Connector) -> None:
    data_set = store.data_set(HOSTILE_TABLE)
    hostile = [Match(pa.table({store.hostile_column: ["a'; drop table people;--"]}))]
    assert writer.overwrite(data_set, match(id=[2]), {store.hostile_column: Replacement("'); --")}) == 1
    assert writer.delete(data_set, hostile) == 1
    assert [row[store.hostile_column] for row in rows(reader, data_set)] == ["'); --"]
    assert reader.count(store.data_set("people")) == 200


def test_a_reader_refuses_to_write(store: Store, reader: Connector) -> None:
    people = store.data_set("people")
    before = store.content("people")
    with pytest.raises(RuntimeError, match="only reads"):
        reader.delete(people, match(id=[1]))
    with pytest.raises(RuntimeError, match="only reads"):
        reader.overwrite(people, match(id=[1]), {"name": Replacement("x")})
    with pytest.raises(RuntimeError, match="only reads"):
        reader.rehearse([Operation(people, match(id=[1]))])
    assert store.content("people") == before


def test_rehearsal_counts_in_order_and_leaves_no_trace(store: Store, writer: Connector) -> None:
    people, orders = store.data_set("people"), store.data_set("orders")
    before = store.content("people"), store.content("orders")
    counts = writer.rehearse(
        [
            Operation(orders, match(person_id=[1, 2])),
            Operation(people, match(id=[1])),
            Operation(people, match(id=[1, 2, 3]), {"email": Replacement("gone")}),
            Operation(people, match(email=["gone"])),
            Operation(orders, match(line=[0])),
        ]
    )
    assert counts == [6, 1, 2, 2, 198]
    assert (store.content("people"), store.content("orders")) == before


def test_delete_takes_the_matching_rows_and_no_other(
    store: Store, reader: Connector, writer: Connector
) -> None:
    people = store.data_set("people")
    untouched = store.content("orders")
    assert writer.delete(people, match(id=[1, 3, 5, 999])) == 3
    assert rows(reader, people) == [row for row in store.rows("people") if int(row["id"]) not in (1, 3, 5)]
    assert store.content("orders") == untouched


def test_delete_again_changes_nothing(store: Store, writer: Connector) -> None:
    people = store.data_set("people")
    assert writer.delete(people, match(id=[2])) == 1
    after = store.content("people")
    assert writer.delete(people, match(id=[2])) == 0
    assert store.content("people") == after


def test_delete_all_rows(store: Store, reader: Connector, writer: Connector) -> None:
    orders = store.data_set("orders")
    assert writer.delete(orders, match(line=[0, 1, 2])) == 600
    assert reader.count(orders) == 0
    columns = [] if store.schemaless else ["person_id", "line", "product"]
    assert [column.name for column in described(reader, orders).columns] == columns


def test_delete_by_composite_key(store: Store, reader: Connector, writer: Connector) -> None:
    orders = store.data_set("orders")
    assert writer.delete(orders, match(person_id=[1, 2], line=[1, 1])) == 2
    assert reader.count(orders, match(person_id=[1, 2])) == 4


def test_overwrite_changes_only_those_fields(store: Store, reader: Connector, writer: Connector) -> None:
    people = store.data_set("people")
    replacements = {"name": Replacement("[erased]"), "note": Replacement(None)}
    assert writer.overwrite(people, match(id=[1, 2, 5]), replacements) == 3
    expected = [
        row | {"name": "[erased]", "note": None} if int(row["id"]) in (1, 2, 5) else row
        for row in store.rows("people")
    ]
    assert rows(reader, people) == expected


def test_overwrite_again_changes_nothing(store: Store, writer: Connector) -> None:
    people = store.data_set("people")
    replacements = {"name": Replacement('[erased], "or" so'), "note": Replacement(None)}
    assert writer.overwrite(people, match(id=[1, 2]), replacements) == 2
    after = store.content("people")
    assert writer.overwrite(people, match(id=[1, 2]), replacements) == 2
    assert store.content("people") == after


def test_overwrite_with_unique_values(store: Store, reader: Connector, writer: Connector) -> None:
    people = store.data_set("people")
    ids = list(range(1, 151))
    assert writer.overwrite(people, match(id=ids), {"email": Replacement("erased", unique=True)}) == 150
    emails = reader.find(people, match(id=ids), ["email"])["email"].to_pylist()
    assert len(set(emails)) == 150
    assert {email[:7] for email in emails} == {"erased-"}
    assert reader.count(people, match(email=["p151@example.org"])) == 1


def test_overwrite_of_nothing_is_refused(store: Store, writer: Connector) -> None:
    before = store.content("people")
    with pytest.raises(ValueError, match="mean to delete"):
        writer.overwrite(store.data_set("people"), match(id=[1]), {})
    assert store.content("people") == before


def refuses(attempts: Sequence[Callable[[], object]], *words: str) -> None:
    """Each attempt names what is missing, and what to do."""
    for attempt in attempts:
        with pytest.raises(DataSetMissing) as raised:
            attempt()
        assert all(word in raised.value.message for word in words)
        assert raised.value.remedy


def test_missing_data_set(store: Store, finder: Connector) -> None:
    store.drop("orders")
    orders = store.data_set("orders")
    attempts = (
        lambda: finder.sample(orders, rows=1),
        lambda: list(finder.read(orders)),
        lambda: finder.find(orders, match(line=[1]), ["line"]),
        lambda: finder.count(orders),
    )
    refuses(attempts, orders)


def test_no_change_to_a_missing_data_set(store: Store, writer: Connector) -> None:
    store.drop("orders")
    orders = store.data_set("orders")
    attempts = (
        lambda: writer.delete(orders, match(line=[1])),
        lambda: writer.rehearse([Operation(orders, match(line=[1]))]),
    )
    refuses(attempts, orders)


def test_missing_column(store: Store, finder: Connector) -> None:
    people = store.data_set("people")
    attempts = (
        lambda: list(finder.read(people, columns=["gone"])),
        lambda: finder.find(people, match(id=[1]), ["gone"]),
        lambda: finder.find(people, match(gone=[1]), ["id"]),
    )
    refuses(attempts, "'gone'")


def test_no_change_to_a_missing_column(store: Store, writer: Connector) -> None:
    people = store.data_set("people")
    attempts = (
        lambda: writer.delete(people, match(gone=[1])),
        lambda: writer.overwrite(people, match(id=[1]), {"gone": Replacement("x")}),
        lambda: writer.rehearse([Operation(people, match(id=[1]), {"gone": Replacement("x")})]),
    )
    refuses(attempts, "'gone'")
