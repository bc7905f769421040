"""What is particular to Kafka; the rest is in the contract suite of the connectors."""

from __future__ import annotations

import asyncio
import datetime
import io
import ipaddress
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Kind,
    Malformed,
    Match,
    Unreachable,
)
from catalog.connectors.kafka_client import Stretch
from catalog.connectors.kafka_form import KafkaForm
from catalog.connectors.kafka_ranges import spread
from catalog.connectors.opening import open_connector
from catalog.connectors.schema_registry import Schema
from catalog.connectors.schema_registry_protobuf import ProtobufCodec
from tests.services.kafka import KafkaBroker
from tests.services.schema_registry import FakeSchemaRegistry, fake_schema_registry

Open = Callable[..., Connector]
PERSON = {
    "type": "record",
    "name": "Person",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "email", "type": ["null", "string"]},
        {"name": "born", "type": {"type": "int", "logicalType": "date"}},
        {"name": "home", "type": {"type": "record", "name": "Place", "fields": [{"name": "city", "type": "string"}]}},
    ],
}  # fmt: skip
ANN = {"id": 1, "email": "ann@example.org", "born": datetime.date(1980, 2, 29), "home": {"city": "Zürich"}}


@pytest.fixture
def opened(kafka_broker: KafkaBroker) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            open_connector("kafka", {"bootstrap_servers": kafka_broker.bootstrap} | settings)
        )


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table(keys))]


def rows(connector: Connector, topic: str) -> list[dict[str, Any]]:
    return [row for batch in connector.read(topic) for row in batch.to_pylist()]


def described(connector: Connector, topic: str) -> DataSetInfo:
    return next(found for found in connector.discover() if found.name == topic)


def avro(value: Any, schema: Any = PERSON) -> bytes:
    file = io.BytesIO()
    fastavro.schemaless_writer(file, fastavro.parse_schema(schema), value)
    return file.getvalue()


def framed(number: int, body: bytes) -> bytes:
    return b"\0" + struct.pack(">I", number) + body


def test_internal_and_unchosen_topics_are_left_out(kafka_broker: KafkaBroker, opened: Open) -> None:
    for topic in ("__internal", "_schemas", "orders", "orders.eu", "people"):
        kafka_broker.create_topic(topic)
    assert [found.name for found in opened().discover()] == ["orders", "orders.eu", "people"]
    chosen = opened(topics="orders*, clicks")
    assert [found.name for found in chosen.discover()] == ["orders", "orders.eu"]
    assert chosen.check() == "Kafka, 1 broker, 2 topics"
    with pytest.raises(DataSetMissing, match="people"):
        chosen.count("people")


def test_json_and_text_messages(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic()
    kafka_broker.produce(
        topic,
        [
            '{"id": 7, "tags": ["ä"], "_key": "own", "half": "\\ud800"}'.encode(),
            b"just text",
            None,
            b"[1, 2]",
        ],
        keys=[b"k1", None, b"\xff\x00", b"\0\0\0\7"],
        headers={"trace": b"t1"},
        timestamp=1_700_000_000_123,
    )
    connector = opened()
    found = described(connector, topic)
    assert [(column.name, column.data_type, column.kind) for column in found.columns] == [
        ("_key", "key", Kind.TEXT),
        ("_timestamp", "timestamp", Kind.TIMESTAMP),
        ("_headers", "headers", Kind.JSON),
        ("id", "integer", Kind.INTEGER),
        ("tags", "array", Kind.ARRAY),
        ("_value._key", "string", Kind.TEXT),
        ("half", "string", Kind.TEXT),
        ("_value", "string", Kind.TEXT),
    ]
    assert (found.kind, found.row_estimate, found.problem) == ("topic", 4, "")
    values = [
        {name: value for name, value in row.items() if value is not None} for row in rows(connector, topic)
    ]
    moment = datetime.datetime(2023, 11, 14, 22, 13, 20, 123_000, datetime.UTC)
    own = {"_timestamp": moment, "_headers": '{"trace": "t1"}'}
    assert values == [
        {"_key": "k1", **own, "id": "7", "tags": '["ä"]', "_value._key": "own", "half": "?"},
        {**own, "_value": "just text"},
        {"_key": "\\xff00", **own},
        {"_key": "\\x00000007", **own, "_value": "[1, 2]"},
    ]
    assert connector.find(topic, match(id=[7]), ["_key"]).to_pylist() == [{"_key": "k1"}]


def test_reading_leaves_no_trace(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic(partitions=2)
    kafka_broker.produce(topic, [b"a", b"b"])
    connector = opened()
    assert len(rows(connector, topic)) == 2
    connector.sample(topic, rows=5)
    with pytest.raises(DataSetMissing, match="no topic elsewhere"):
        connector.count("elsewhere")
    connector.close()
    assert kafka_broker.groups() == []
    assert kafka_broker.topics() == [topic]


def test_reading_ends_where_the_topic_ended_when_it_began(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic()
    kafka_broker.produce(topic, [b"before"] * 30)
    seen = 0
    for batch in opened().read(topic, batch_rows=10):
        seen += len(batch)
        kafka_broker.produce(topic, [b"after"] * 20)
    assert seen == 30
    assert opened().count(topic) == 90


def test_a_long_topic_is_sampled_all_over(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic(partitions=2)
    for partition in range(2):
        values = (b'{"place": %d}' % (partition * 20_000 + place) for place in range(20_000))
        kafka_broker.produce(topic, values, partition=partition)
    connector = opened(message_columns="hidden")
    sample = connector.sample(topic, rows=400, seed=3)
    assert sample.equals(connector.sample(topic, rows=400, seed=3))
    assert not sample.equals(connector.sample(topic, rows=400, seed=4))
    tenths = [int(place) // 4_000 for place in sample["place"].to_pylist()]
    assert len(tenths) == 400
    assert set(tenths) == set(range(10))


def test_a_spread_is_bounded_and_whole_where_it_can_be() -> None:
    stretches = [Stretch(0, 100, 300), Stretch(1, 0, 0), Stretch(2, 50, 150)]
    assert spread(stretches, messages=300, seed=0) == stretches
    found = spread(stretches, messages=100, seed=0)
    offsets = [(each.partition, place) for each in found for place in range(each.start, each.end)]
    assert len(offsets) == len(set(offsets)) == 100
    assert {partition for partition, _ in offsets} == {0, 2}
    assert all(100 <= place < 300 if partition == 0 else 50 <= place < 150 for partition, place in offsets)


def test_a_field_of_a_single_message_is_found(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic()
    values = [b'{"a": %d}' % place for place in range(3_000)]
    values[1234] = b'{"a": 1234, "rare": "x"}'
    kafka_broker.produce(topic, values)
    connector = opened(message_columns="hidden")
    assert [column.name for column in described(connector, topic).columns] == ["a"]
    assert connector.find(topic, match(rare=["x"]), ["a"]).to_pylist() == [{"a": "1234"}]
    assert [row for row in rows(connector, topic) if row["rare"]] == [{"a": "1234", "rare": "x"}]
    with pytest.raises(DataSetMissing, match="'gone'"):
        connector.count(topic, match(gone=["x"]))


def test_avro_with_types_and_a_key_with_a_schema(
    kafka_broker: KafkaBroker, schema_registry: FakeSchemaRegistry, opened: Open
) -> None:
    topic = kafka_broker.create_topic()
    number = schema_registry.register(f"{topic}-value", PERSON)
    key = schema_registry.register(f"{topic}-key", '"string"')
    kafka_broker.produce(topic, [framed(number, avro(ANN))], keys=[framed(key, avro("ann", "string"))])
    connector = opened(schema_registry=schema_registry.url)
    assert connector.check() == "Kafka, 1 broker, 1 topic, 2 schema subjects"
    columns = described(connector, topic).columns[2:]
    assert [(column.data_type, column.kind, column.nullable) for column in columns] == [
        ("long", Kind.INTEGER, False),
        ("string", Kind.TEXT, True),
        ("date", Kind.DATE, False),
        ("Place", Kind.JSON, False),
    ]
    (row,) = rows(connector, topic)
    assert row | {"_timestamp": None} == ANN | {
        "home": '{"city": "Zürich"}',
        "_key": "ann",
        "_timestamp": None,
    }
    assert connector.count(topic, match(born=["1980-02-29"])) == 1


def test_avro_by_a_schema_in_the_settings(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic()
    kafka_broker.produce(topic, [avro(ANN), b"\xc3\x01" + bytes(8) + avro(ANN | {"id": 2})])
    connector = opened(avro_schemas=json.dumps({topic: PERSON}))
    assert connector.find(topic, match(id=[2]), ["email"]).to_pylist() == [{"email": "ann@example.org"}]
    assert described(connector, topic).problem == ""


def test_messages_that_are_not_what_their_schema_says(
    kafka_broker: KafkaBroker, schema_registry: FakeSchemaRegistry, opened: Open
) -> None:
    topic = kafka_broker.create_topic()
    number = schema_registry.register(f"{topic}-value", PERSON)
    good = framed(number, avro(ANN))
    broken = [good[:9], framed(999, b"secret"), good + b"more", b'{"secret": 1}', b"\xff\xfe", good[:8]]
    kafka_broker.produce(topic, [good, *broken, framed(number, avro(ANN | {"id": 2}))])
    connector = opened(schema_registry=schema_registry.url, message_columns="hidden")
    assert described(connector, topic).problem == (
        "2 of 8 messages looked at cannot be decoded with their Avro schema. "
        "1 of 8 messages looked at name a schema that the registry does not know or that cannot be used. "
        "1 of 8 messages looked at are longer than their Avro schema says. "
        "1 of 8 messages looked at carry no schema where the topic has one. "
        "1 of 8 messages looked at are no text, and no schema says what they are."
    )
    sample = connector.sample(topic, rows=10)
    assert [value for value in sample["id"].to_pylist() if value] == ["1", "2"]
    assert sample["_value"].to_pylist().count('{"secret": 1}') == 1
    assert connector.count(topic) == 8
    assert connector.count(topic, match(id=[2])) == 1


def test_a_schema_that_nobody_registered_for_the_topic_widens_its_columns(
    kafka_broker: KafkaBroker, schema_registry: FakeSchemaRegistry, opened: Open
) -> None:
    topic = kafka_broker.create_topic()
    first = schema_registry.register(f"{topic}-value", _record(id="long"))
    second = schema_registry.register("other", _record(id="string", more="string"))
    values = [framed(first, avro({"id": place}, _record(id="long"))) for place in range(3_000)]
    values[1234] = framed(second, avro({"id": "x", "more": "y"}, _record(id="string", more="string")))
    kafka_broker.produce(topic, values)
    connector = opened(schema_registry=schema_registry.url, message_columns="hidden")
    assert [column.kind for column in described(connector, topic).columns] == [Kind.INTEGER]
    assert connector.find(topic, match(id=["x", "17"]), ["id"])["id"].to_pylist() == ["17", "x"]
    assert connector.find(topic, match(more=["y"]), ["id"])["id"].to_pylist() == ["x"]
    assert len(connector.sample(topic, rows=5_000)) == 3_000


def _record(**fields: str) -> dict[str, Any]:
    named = [{"name": name, "type": kind} for name, kind in fields.items()]
    return {"type": "record", "name": "Row", "fields": named}


PLACE = 'syntax = "proto3"; package shared; message Place { string city = 1; }'
EVENT = """
syntax = "proto3";
import "shared/place.proto";
import "google/protobuf/timestamp.proto";
message Event {
  message Inner { string email = 1; }
  enum Colour { RED = 0; BLUE = 1; }
  sint64 id = 1;
  optional string name = 2;
  Colour colour = 3;
  repeated string tags = 4;
  shared.Place place = 5;
  map<string, int32> counts = 6;
  bytes raw = 7;
  google.protobuf.Timestamp at = 8;
}
"""


def test_protobuf_with_imports_nested_types_and_unknown_fields(
    kafka_broker: KafkaBroker, schema_registry: FakeSchemaRegistry, opened: Open
) -> None:
    topic = kafka_broker.create_topic()
    schema_registry.register("place", PLACE, kind="PROTOBUF")
    number = schema_registry.register(
        f"{topic}-value",
        EVENT,
        kind="PROTOBUF",
        references=[{"name": "shared/place.proto", "subject": "place", "version": 1}],
    )
    # By hand: tag, length, content. id 3 in zigzag, colour BLUE, tags, place, counts, raw.
    event = b"\x08\x06\x18\x01\x22\x01a\x22\x01b\x2a\x06\x0a\x04Bern\x32\x05\x0a\x01k\x10\x02\x3a\x01\xff"
    inner = b"\x04\x00\x00" + b"\x0a\x0fann@example.org"  # path of two steps: the first type in the first
    values = [b"\x00" + event, inner, b"\x00" + b"\x7a\x01x", b"\x00" + b"\x0a", b"\x02\x12" + event]
    kafka_broker.produce(topic, [framed(number, value) for value in values])
    connector = opened(schema_registry=schema_registry.url, message_columns="hidden")
    found = described(connector, topic)
    assert {column.name: (column.data_type, column.kind) for column in found.columns} == {
        "id": ("sint64", Kind.INTEGER),
        "name": ("string", Kind.TEXT),
        "colour": ("Event.Colour", Kind.TEXT),
        "tags": ("repeated string", Kind.ARRAY),
        "place": ("shared.Place", Kind.JSON),
        "counts": ("map<string, int32>", Kind.JSON),
        "raw": ("bytes", Kind.BINARY),
        "at": ("google.protobuf.Timestamp", Kind.JSON),
        "email": ("string", Kind.TEXT),
    }
    assert found.problem == (
        "2 of 5 messages looked at cannot be decoded with their Protobuf schema. "
        "1 of 5 messages looked at hold fields that their Protobuf schema does not know."
    )
    shown = [
        {name: value for name, value in row.items() if value is not None} for row in rows(connector, topic)
    ]
    assert shown[:2] == [
        {
            "id": 3,
            "colour": "BLUE",
            "tags": '["a", "b"]',
            "place": '{"city": "Bern"}',
            "counts": '{"k": 2}',
            "raw": b"\xff",
        },
        {"email": "ann@example.org"},
    ]
    assert shown[2:] == [{}, {}, {}]
    assert connector.count(topic, match(email=["ann@example.org"])) == 1


@pytest.mark.parametrize(
    "schema",
    [
        Schema("PROTOBUF", "no schema"),
        Schema("PROTOBUF", PLACE, references={"../../escaped.proto": Schema("PROTOBUF", PLACE)}),
        Schema("PROTOBUF", PLACE, references={"/tmp/escaped.proto": Schema("PROTOBUF", PLACE)}),
    ],
)
def test_a_protobuf_schema_that_cannot_be_used(schema: Schema) -> None:
    with pytest.raises(Malformed):
        ProtobufCodec(schema)


def test_json_that_breaks_its_schema_is_counted_and_shown(
    kafka_broker: KafkaBroker, schema_registry: FakeSchemaRegistry, opened: Open
) -> None:
    topic = kafka_broker.create_topic()
    number = schema_registry.register(
        f"{topic}-value",
        {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        kind="JSON",
    )
    kafka_broker.produce(topic, [framed(number, b'{"id": 1}'), framed(number, b'{"id": "x"}'), b'{"id'])
    connector = opened(schema_registry=schema_registry.url, message_columns="hidden")
    found = described(connector, topic)
    assert [(column.name, column.kind, column.nullable) for column in found.columns] == [
        ("id", Kind.INTEGER, False),
        ("_value", Kind.TEXT, True),
    ]
    assert found.problem == (
        "1 of 3 messages looked at are not valid under their JSON schema. 1 of 3 messages looked at are broken JSON."
    )
    assert [row["id"] for row in rows(connector, topic)] == ["1", "x", None]


def test_field_names_without_end_are_one_column(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic()
    kafka_broker.produce(
        topic, [json.dumps({f"user{place}-{n}": n for n in range(30)}).encode() for place in range(50)]
    )
    connector = opened(message_columns="hidden")
    found = described(connector, topic)
    assert [column.name for column in found.columns] == ["_value"]
    assert found.problem == "The messages have more than 1000 field names: shown as one JSON text."
    assert all("-29" in row["_value"] for row in rows(connector, topic))


def test_fields_whose_names_are_data_are_one_column(kafka_broker: KafkaBroker, opened: Open) -> None:
    topic = kafka_broker.create_topic()
    kafka_broker.produce(topic, [b'{"team": "a", "anna@x.de": {"role": "admin"}, "17": 1}', b'{"team": "b"}'])
    connector = opened(message_columns="hidden")
    assert [(each.name, each.kind) for each in described(connector, topic).columns] == [
        ("team", Kind.TEXT),
        ("*", Kind.JSON),
    ]
    assert sorted(rows(connector, topic), key=lambda row: row["team"]) == [
        {"team": "a", "*": '{"anna@x.de": {"role": "admin"}, "17": 1}'},
        {"team": "b", "*": None},
    ]


def test_lineage_names(opened: Open) -> None:
    connector = opened(bootstrap_servers="one:9092,two:9092")
    assert (connector.lineage_namespace(), connector.lineage_name("orders")) == ("kafka://one:9092", "orders")


def test_a_broker_that_hangs_or_is_not_there_is_given_up(opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for server in (f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1"):
            for more in ({}, {"security_protocol": "SASL_PLAINTEXT", "user": "u", "password": "secret"}):
                started = time.monotonic()
                connector = opened(bootstrap_servers=server, **more)
                with pytest.raises(Unreachable) as raised:
                    connector.check()
                connector.close()
                assert time.monotonic() - started < 11
                assert server in raised.value.message
                assert "secret" not in str(raised.value)


def test_a_schema_registry_that_hangs_refuses_or_is_none(kafka_broker: KafkaBroker, opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable, match="registry"):
        opened(schema_registry=f"http://127.0.0.1:{silent.getsockname()[1]}").check()
    with fake_schema_registry("ann:right") as guarded:
        secrets = {"schema_registry_user": "ann", "schema_registry_password": "right"}
        assert opened(schema_registry=guarded.url, **secrets).check().endswith("0 schema subjects")
        with pytest.raises(AccessDenied) as refused:
            opened(schema_registry=guarded.url, schema_registry_user="ann").check()
        assert "right" not in str(refused.value)


def test_settings_that_no_connection_can_be_made_with(opened: Open) -> None:
    connector = opened(security_protocol="SSL", certificate_authority="no certificate")
    with pytest.raises(ConnectorError, match="settings") as raised:
        connector.check()
    assert "no certificate" not in str(raised.value)


@contextmanager
def _tls_before(address: str, certificate: Path, key: Path) -> Iterator[str]:
    """An address that speaks TLS and passes on to `address`: the broker itself cannot."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    host, port = address.split(":")

    async def copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                to.write(data)
                await to.drain()
        to.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def test_tls_with_the_right_certificate_authority(
    kafka_broker: KafkaBroker, tmp_path: Path, opened: Open
) -> None:
    certificate, key = _certificate(tmp_path)
    with _tls_before(kafka_broker.bootstrap, certificate, key) as address:
        secure = {"bootstrap_servers": address, "security_protocol": "SSL"}
        trusting = opened(**secure, certificate_authority=certificate.read_text())
        assert trusting.check() == "Kafka, 1 broker, 0 topics"
        trusting.close()
        with pytest.raises(Unreachable, match="certificate authority"):
            opened(**secure).check()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Its own authority, for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bootstrap_servers", "nowhere"),
        ("bootstrap_servers", "host:99999"),
        ("schema_registry", "ftp://host"),
        ("schema_registry", "http://user:secret@host"),
        ("schema_registry", "http://[half"),
        ("avro_schemas", "["),
        ("avro_schemas", '{"topic": {"type": "nonsense"}}'),
    ],
)
def test_the_form_refuses(field: str, value: str) -> None:
    given = {"bootstrap_servers": "h:1", "security_protocol": "SSL", "message_columns": "shown"}
    assert list(KafkaForm(given | {field: value}).errors) == [field]
    assert KafkaForm(given).is_valid()


def test_a_user_is_wanted_where_one_signs_in() -> None:
    form = KafkaForm(
        {"bootstrap_servers": "h:1", "security_protocol": "SASL_SSL", "message_columns": "shown"}
    )
    assert list(form.errors) == ["user"]
