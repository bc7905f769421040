"""A message's bytes as fields: JSON by itself, or by the schema registry and Avro schemas of the connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from catalog.connectors.kafka_decoding import VALUE, Decoder

Decode = Callable[[bytes], Mapping[str, Any]]


class Unreadable(Exception):
    """A message is not what it should be; the text says what without any of it."""


def decode_json(data: bytes) -> Mapping[str, Any]:
    """Raises Unreadable for what is no JSON object in UTF-8."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Unreadable("The message is no JSON.") from None
    if type(found) is not dict:
        raise Unreadable("The message is no JSON object.")
    return found


def decoding_with(decoder: Decoder, topic: str) -> Decode:
    """Messages by the schema whose id they carry, or the one given for the topic."""

    def decode(data: bytes) -> Mapping[str, Any]:
        found = decoder.value(topic, data, check=True)
        if found.trouble or VALUE in found.values:
            raise Unreadable(f"Such messages {found.trouble or 'are no objects'}.")
        return found.values

    return decode
