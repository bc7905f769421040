"""Reading Kafka: each topic is a data set, with the fields of its messages as columns.

A topic cannot be searched: whoever looks for a person reads it through once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors import reservoir
from catalog.connectors.base import (
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Match,
    Unreachable,
)
from catalog.connectors.kafka_client import KafkaClient, Stretch
from catalog.connectors.kafka_decoding import Decoder
from catalog.connectors.kafka_form import SHOWN, KafkaForm, read_avro_schemas
from catalog.connectors.kafka_ranges import spread
from catalog.connectors.kafka_shape import Shape, Unlearned
from catalog.connectors.matching import Matcher, as_text
from catalog.connectors.schema_registry import SchemaRegistry

DESCRIBED = 500  # messages looked at to learn the columns of a topic
SAMPLED = 20_000  # messages read for a sample
SAMPLE_SECONDS = 30
SAMPLED_CHARACTERS = 4096
BATCH_ROWS = 10_000
INTERNAL = ("__", "_schemas")
SETTINGS = {
    "security.protocol": "security_protocol",
    "ssl.ca.pem": "certificate_authority",
}
SASL_SETTINGS = {"sasl.mechanism": "sasl_mechanism", "sasl.username": "user", "sasl.password": "password"}

T = TypeVar("T")


def client_configuration(settings: Mapping[str, Any]) -> dict[str, str]:
    """How a client of librdkafka reaches the cluster that a connector's settings name."""
    names = SETTINGS
    if settings.get("security_protocol", "").startswith("SASL"):
        names = SETTINGS | SASL_SETTINGS
    initial = {name: each.initial for name, each in KafkaForm.base_fields.items()}
    chosen = {option: settings.get(name) or initial[name] for option, name in names.items()}
    reached = {"bootstrap.servers": settings["bootstrap_servers"]}
    return reached | {option: value for option, value in chosen.items() if value}


class TopicReader(Connector):
    """Topics discovered, sampled, read and searched; what writes is a subclass."""

    def __init__(self, settings: Mapping[str, Any], *, writable: bool = False) -> None:
        super().__init__(settings, writable=writable)
        self._client: KafkaClient | None = None
        self._registry: SchemaRegistry | None = None
        self._decoder: Decoder | None = None

    def close(self) -> None:
        if self._client:
            self._client.close()
        if self._registry:
            self._registry.close()
        self._client = self._registry = self._decoder = None

    @property
    def client(self) -> KafkaClient:
        if self._client is None:
            self._client = KafkaClient(self._configuration, server=self._server)
        return self._client

    @property
    def _configuration(self) -> dict[str, str]:
        return client_configuration(self.settings)

    @property
    def _server(self) -> str:
        return self.settings["bootstrap_servers"]

    @property
    def registry(self) -> SchemaRegistry | None:
        if self._registry is None and self.settings.get("schema_registry"):
            self._registry = SchemaRegistry(
                self.settings["schema_registry"],
                user=self.settings.get("schema_registry_user") or "",
                password=self.settings.get("schema_registry_password") or "",
            )
        return self._registry

    @property
    def decoder(self) -> Decoder:
        if self._decoder is None:
            schemas = read_avro_schemas(self.settings.get("avro_schemas") or "")
            self._decoder = Decoder(self.registry, schemas)
        return self._decoder

    def check(self) -> str:
        brokers, topics = self.client.cluster()
        line = f"Kafka, {_many(brokers, 'broker')}, {_many(sum(map(self._wanted, topics)), 'topic')}"
        return f"{line}, {_many(self.registry.check(), 'schema subject')}" if self.registry else line

    def discover(self) -> Iterator[DataSetInfo]:
        for topic, trouble in self.client.cluster()[1].items():
            if not self._wanted(topic):
                continue
            if trouble:
                yield DataSetInfo(topic, "topic", problem=f"The broker says {trouble}.")
                continue
            try:
                stretches = self.client.stretches(topic)
                shape = self._look(topic, stretches)
            except Unreachable:
                raise  # the cluster or the registry: each further topic would wait just as long
            except ConnectorError as error:
                yield DataSetInfo(topic, "topic", problem=str(error))
                continue
            yield DataSetInfo(
                topic,
                "topic",
                shape.describe(),
                row_estimate=sum(map(len, stretches)),
                problem=shape.problem(),
            )

    def lineage_namespace(self) -> str:
        return f"kafka://{self.settings['bootstrap_servers'].split(',')[0]}"

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        stretches = self._stretches(data_set)
        chosen = spread(stretches, messages=max(SAMPLED, rows), seed=seed)

        def draw(shape: Shape) -> pa.Table:
            schema = pa.schema([(name, pa.string()) for name in shape.columns])
            deadline = time.monotonic() + SAMPLE_SECONDS
            messages = _until(deadline, self.client.read(data_set, chosen))
            batches = shape.batches(messages, schema.names, batch_rows=BATCH_ROWS)
            return reservoir.draw((_cut(batch, schema) for batch in batches), schema, rows=rows, seed=seed)

        return self._with_shape(data_set, stretches, (), draw)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        stretches = self._stretches(data_set)
        # What comes out batch by batch cannot start again: all columns are learnt first, by reading twice.
        shape = self._look(data_set, stretches, thorough=True)
        names = list(shape.columns) if columns is None else columns
        _require_columns(shape, names)
        yield from shape.batches(self.client.read(data_set, stretches), names, batch_rows=batch_rows)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        def find(shape: Shape, hits: Iterator[pa.RecordBatch]) -> pa.Table:
            found = (batch.select(columns) for batch in hits if len(batch))
            return pa.Table.from_batches(found, shape.schema(columns))

        return self._search(data_set, matches, columns, find)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        if matches is None:
            return sum(1 for _ in self.client.read(data_set, self._stretches(data_set)))
        return self._search(data_set, matches, (), lambda _shape, hits: sum(map(len, hits)))

    def _wanted(self, topic: str) -> bool:
        patterns = [each.strip() for each in (self.settings.get("topics") or "").split(",") if each.strip()]
        if topic.startswith(INTERNAL[0]) or topic == INTERNAL[1]:
            return False
        return not patterns or any(fnmatchcase(topic, pattern) for pattern in patterns)

    def _stretches(self, topic: str) -> list[Stretch]:
        if not self._wanted(topic):
            raise DataSetMissing(f"There is no topic {topic} among those chosen.", "Scan the system again.")
        return self.client.stretches(topic)

    def _look(self, topic: str, stretches: Sequence[Stretch], *, thorough: bool = False) -> Shape:
        """The columns, from a spread of messages or from all of them."""
        shape = Shape(topic, self.decoder, own=self.settings.get("message_columns", SHOWN) == SHOWN)
        chosen = stretches if thorough else spread(stretches, messages=DESCRIBED, seed=0)
        messages = self.client.read(topic, chosen)
        deadline = time.monotonic() + SAMPLE_SECONDS
        return shape.learn(messages if thorough else _until(deadline, messages), check=not thorough)

    def _with_shape(
        self,
        topic: str,
        stretches: Sequence[Stretch],
        needed: Sequence[str],
        use: Callable[[Shape], T],
    ) -> T:
        """`use` with columns learnt from some messages; where that was not enough, again from all of them."""
        shape = self._look(topic, stretches)
        if all(name in shape.columns for name in needed):
            try:
                return use(shape)
            except Unlearned:
                pass
        shape = self._look(topic, stretches, thorough=True)
        _require_columns(shape, needed)
        return use(shape)

    def _search(
        self,
        topic: str,
        matches: Sequence[Match],
        columns: Sequence[str],
        use: Callable[[Shape, Iterator[pa.RecordBatch]], T],
    ) -> T:
        """`use` with the matching rows, in batches of `columns` and the compared ones."""
        stretches = self._stretches(topic)
        compared = [name for match in matches for name in match.columns]
        names = list(dict.fromkeys([*columns, *compared]))

        def search(shape: Shape) -> T:
            matcher = Matcher(matches, shape.schema())
            messages = self.client.read(topic, stretches if matches else [])
            batches = shape.batches(messages, names, batch_rows=BATCH_ROWS)
            return use(shape, (batch.filter(matcher.mask(batch)) for batch in batches))

        return self._with_shape(topic, stretches, names, search)


def _require_columns(shape: Shape, names: Sequence[str]) -> None:
    for name in names:
        if name not in shape.columns:
            raise DataSetMissing(f"{shape.topic} has no column {name!r}.", "Scan the system again.")


def _until(deadline: float, messages: Iterator[Any]) -> Iterator[Any]:
    for message in messages:
        yield message
        if time.monotonic() > deadline:
            return


def _cut(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    texts = [pc.utf8_slice_codeunits(as_text(column), 0, SAMPLED_CHARACTERS) for column in batch.columns]
    return pa.RecordBatch.from_arrays(texts, schema=schema)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
