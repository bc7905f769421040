from __future__ import annotations

import io
import json

import fastavro
import pytest

from catalog.connectors.kafka_decoding import Decoder
from catalog.connectors.kafka_form import read_avro_schemas
from retention.anonymization.streams.decoding import Unreadable, decoding_with
from retention.anonymization.streams.transforming import Transformer
from tests.retention.streams.conftest import spec_of

SCHEMA = {
    "type": "record",
    "name": "Signup",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
    ],
}


def avro(**values: object) -> bytes:
    written = io.BytesIO()
    fastavro.schemaless_writer(written, fastavro.parse_schema(SCHEMA), values)
    return written.getvalue()


@pytest.fixture
def decode():
    return decoding_with(Decoder(None, read_avro_schemas(json.dumps({"signups": SCHEMA}))), "signups")


def test_avro_goes_in_and_json_comes_out(decode):
    spec = spec_of(columns={"id": "integer", "at": "timestamp", "tags": "array"})
    (outcome,) = Transformer(spec, decode=decode)([(None, avro(id=1, at=1_700_000_000_000_000, tags=["a"]))])
    assert outcome.value == b'{"id":1,"at":"2023-11-14T22:13:20Z","tags":["a"]}'


def test_what_the_schema_does_not_explain_is_unreadable(decode):
    with pytest.raises(Unreadable, match=r"^Such messages .+\.$"):
        decode(b"\x02")
