"""The columns of a topic, learnt from schemas and messages, and messages brought into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from catalog.connectors.base import ColumnInfo, Kind, Malformed
from catalog.connectors.field_names import unfold
from catalog.connectors.kafka_decoding import VALUE, Decoder
from catalog.connectors.schema_registry_types import TEXT, Codec, Field, text_array, text_of

BATCH_BYTES = 16 * 1024 * 1024
MOST_COLUMNS = 1_000
OWN = {
    "_key": Field("_key", "key", Kind.TEXT),
    "_timestamp": Field("_timestamp", "timestamp", Kind.TIMESTAMP, pa.timestamp("ms", "UTC"), nullable=False),
    "_headers": Field("_headers", "headers", Kind.JSON),
}


class Unlearned(Malformed):
    """Messages do not fit the columns: these have to be learnt again, from all messages."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"Messages of {topic} do not fit its columns.", "Scan the system again.")


class Shape:
    """The columns of `topic`. `own` says whether key, time and headers of the messages are among them."""

    def __init__(self, topic: str, decoder: Decoder, *, own: bool) -> None:
        self.topic = topic
        self.fields: dict[str, Field] = {}
        self.looked_at = 0
        self.troubles: Counter[str] = Counter()
        self._decoder = decoder
        self._own = own
        self._codecs: set[Codec] = set()
        self._headers = False
        for codec in decoder.declared(topic):
            self._learn_codec(codec)

    @property
    def wide(self) -> bool:
        """So many field names that they must be values themselves: each message is one JSON text."""
        return len(self.fields) > MOST_COLUMNS

    @property
    def columns(self) -> dict[str, Field]:
        own = {name: each for name, each in OWN.items() if name != "_headers" or self._headers}
        fields = {VALUE: Field(VALUE, "object", Kind.JSON)} if self.wide else self.fields
        # A field of the value that is called like one of the message's own gives way.
        return (own if self._own else {}) | {
            (f"{VALUE}.{name}" if self._own and name in OWN else name): each for name, each in fields.items()
        }

    def learn(self, messages: Iterable[Any], *, check: bool) -> Shape:
        """Know the columns of these messages too, and count those that are not what their schema says."""
        for message in messages:
            decoded = self._decoder.value(self.topic, message.value(), check=check)
            self.looked_at += 1
            self._headers = self._headers or bool(message.headers())
            if decoded.trouble:
                self.troubles[decoded.trouble] += 1
            if decoded.codec:
                self._learn_codec(decoded.codec)
            if not self.wide:
                for each in decoded.fields():
                    self._add(each)
        return self

    def problem(self) -> str:
        """What is wrong with the messages that were looked at; empty where nothing is."""
        found = [
            f"{many} of {self.looked_at} messages looked at {trouble}."
            for trouble, many in self.troubles.most_common()
        ]
        if self.wide:
            found.append(f"The messages have more than {MOST_COLUMNS} field names: shown as one JSON text.")
        return " ".join(found)

    def describe(self) -> tuple[ColumnInfo, ...]:
        return tuple(
            ColumnInfo(name, place, each.data_type, each.kind, each.nullable)
            for place, (name, each) in enumerate(self.columns.items(), start=1)
        )

    def schema(self, names: Sequence[str] | None = None) -> pa.Schema:
        columns = self.columns
        return pa.schema([(name, columns[name].arrow) for name in (columns if names is None else names)])

    def batches(
        self, messages: Iterable[Any], names: Sequence[str], *, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """`names` of the messages. Raises Unlearned."""
        schema = self.schema(names)
        rows: list[dict[str, Any]] = []
        size = 0
        for message in messages:
            rows.append(self._row(message))
            size += len(message)
            if len(rows) >= batch_rows or size >= BATCH_BYTES:
                yield self._batch(rows, schema)
                rows, size = [], 0
        if rows:
            yield self._batch(rows, schema)

    def _batch(self, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
        try:
            arrays = [_array([row.get(each.name) for row in rows], each.type) for each in schema]
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            raise Unlearned(self.topic) from None
        return pa.RecordBatch.from_arrays(arrays, schema=schema) if arrays else _without_columns(len(rows))

    def _row(self, message: Any) -> dict[str, Any]:
        decoded = self._decoder.value(self.topic, message.value())
        if decoded.codec and decoded.codec not in self._codecs:
            raise Unlearned(self.topic)
        values = {VALUE: unfold(decoded.values)} if self.wide and decoded.values else decoded.values
        if not self._own:
            return dict(values)
        kind, moment = message.timestamp()
        own = {
            "_key": self._decoder.key(message.key()),
            "_timestamp": moment if kind else None,
            "_headers": _headers(message),
        }
        return {(f"{VALUE}.{name}" if name in OWN else name): value for name, value in values.items()} | own

    def _learn_codec(self, codec: Codec) -> None:
        if codec not in self._codecs:
            self._codecs.add(codec)
            for each in codec.fields:
                self._add(each)

    def _add(self, new: Field) -> None:
        known = self.fields.get(new.name)
        self.fields[new.name] = known.merged(new) if known else new


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind != TEXT:
        return pa.array(values, kind)
    return text_array([text_of(value) for value in values])


def _without_columns(rows: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))


def _headers(message: Any) -> str | None:
    found = message.headers()
    if not found:
        return None
    return text_of({name: None if value is None else value.decode(errors="replace") for name, value in found})
