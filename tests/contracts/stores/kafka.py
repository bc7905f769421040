from __future__ import annotations

import io
import json
import struct
from abc import abstractmethod
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tests.contracts.stores.base import HOSTILE_TABLE, TABLES, Store
from tests.services.kafka import KafkaBroker
from tests.services.schema_registry import FakeSchemaRegistry


class KafkaStore(Store):
    """The same tables as topics of three partitions, described by a schema registry."""

    kind = "kafka"
    schema_kind: str

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> KafkaStore:
        return cls(request.getfixturevalue("kafka_broker"), request.getfixturevalue("schema_registry"))

    def __init__(self, broker: KafkaBroker, registry: FakeSchemaRegistry) -> None:
        self.broker = broker
        self.settings = {
            "bootstrap_servers": broker.bootstrap,
            "security_protocol": "PLAINTEXT",
            "schema_registry": registry.url,
            "message_columns": "hidden",
        }
        for name, table in TABLES.items():
            topic = broker.create_topic(self.data_set(name), partitions=3)
            number = registry.register(f"{topic}-value", self.schema(table), kind=self.schema_kind)
            head = b"\0" + struct.pack(">I", number)
            encoded = self.encoded(table)
            for partition in range(3):
                broker.produce(topic, [head + value for value in encoded[partition::3]], partition=partition)

    def data_set(self, table: str) -> str:
        return "robert-drop-table-people" if table == HOSTILE_TABLE else table

    def content(self, table: str) -> Any:
        return sorted(self.broker.messages(self.data_set(table), partitions=3))

    def drop(self, table: str) -> None:
        self.broker.delete_topics([self.data_set(table)])

    @abstractmethod
    def schema(self, table: pa.Table) -> str: ...

    @abstractmethod
    def encoded(self, table: pa.Table) -> list[bytes]: ...


class KafkaJsonStore(KafkaStore):
    name = "kafka, JSON"
    schema_kind = "JSON"
    typed = False

    def schema(self, table: pa.Table) -> str:
        types = {"type": ["string", "null"]}
        return json.dumps({"type": "object", "properties": dict.fromkeys(table.column_names, types)})

    def encoded(self, table: pa.Table) -> list[bytes]:
        rows = [
            {name: None if value is None else str(value) for name, value in row.items()}
            for row in table.to_pylist()
        ]
        return [json.dumps(row).encode() for row in rows]


class KafkaAvroStore(KafkaStore):
    name = "kafka, Avro"
    hostile_column = "hostile"
    schema_kind = "AVRO"

    def schema(self, table: pa.Table) -> str:
        types = [["null", "long" if pa.types.is_integer(each.type) else "string"] for each in table.schema]
        names = _legal(table.column_names)
        fields = [{"name": name, "type": each} for name, each in zip(names, types, strict=True)]
        return json.dumps({"type": "record", "name": "Row", "fields": fields})

    def encoded(self, table: pa.Table) -> list[bytes]:
        schema = fastavro.parse_schema(json.loads(self.schema(table)))
        found = []
        for row in table.rename_columns(_legal(table.column_names)).to_pylist():
            file = io.BytesIO()
            fastavro.schemaless_writer(file, schema, row)
            found.append(file.getvalue())
        return found


class KafkaProtobufStore(KafkaStore):
    name = "kafka, Protobuf"
    hostile_column = "hostile"
    schema_kind = "PROTOBUF"

    def schema(self, table: pa.Table) -> str:
        lines = [
            f"  optional {'int64' if pa.types.is_integer(each.type) else 'string'} {name} = {place};"
            for place, (name, each) in enumerate(
                zip(_legal(table.column_names), table.schema, strict=True), start=1
            )
        ]
        return "\n".join(['syntax = "proto3";', "message Row {", *lines, "}"])

    def encoded(self, table: pa.Table) -> list[bytes]:
        names = _legal(table.column_names)
        file = descriptor_pb2.FileDescriptorProto(name="row.proto", syntax="proto2")
        message = file.message_type.add(name="Row")
        for place, (name, each) in enumerate(zip(names, table.schema, strict=True), start=1):
            field = message.field.add(name=name, number=place, label=1)
            field.type = 3 if pa.types.is_integer(each.type) else 9
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(file.SerializeToString())
        row_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("Row"))
        rows = table.rename_columns(names).to_pylist()
        # The path to the first message type of the file is one zero byte.
        return [b"\0" + row_class(**row).SerializeToString() for row in rows]


def _legal(names: list[str]) -> list[str]:
    """Avro and Protobuf take no hostile names."""
    return [name if name.isidentifier() else "hostile" for name in names]
