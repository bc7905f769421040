"""A topic by its address: `kafka://broker:9092/topic`, or `System/topic` for a cluster of the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from catalog.connector_urls import is_url, settings_for
from catalog.connectors.base import ConnectorError, DataSetMissing
from catalog.connectors.kafka_reading import client_configuration
from catalog.connectors.kafka_store import KafkaConnector
from catalog.connectors.opening import open_connector
from catalog.models import Contract, System
from retention.anonymization.describing import contract_in_force
from retention.anonymization.streams.decoding import Decode, decode_json, decoding_with


@dataclass(frozen=True)
class Topic:
    """`options` are for the Kafka library, and hold a password where there is one; `contract` is that in force."""

    name: str
    options: Mapping[str, Any]
    decode: Decode = decode_json
    contract: Contract | None = None


@contextmanager
def open_topic(address: str) -> Iterator[Topic]:
    """Raises ConnectorError for an address that leads to no Kafka topic. Nothing is connected yet."""
    with _connect(address) as (connector, name, contract):
        if not isinstance(connector, KafkaConnector):
            raise ConnectorError(
                "A stream needs a system of the kind Kafka.", "Write kafka://broker:9092/topic"
            )
        settings = connector.settings
        by_schema = settings.get("schema_registry") or settings.get("avro_schemas")
        decode = decoding_with(connector.decoder, name) if by_schema else decode_json
        yield Topic(name, client_configuration(settings), decode, contract)


@contextmanager
def _connect(address: str) -> Iterator[tuple[Any, str, Contract | None]]:
    if is_url(address):
        kind, settings = settings_for(address)
        with open_connector(kind, settings) as connector:
            yield connector, str(settings.get("topics", "")), None
        return
    system_name, _, topic = (part.strip() for part in address.rpartition("/"))
    system = System.objects.filter(name=system_name, kind="kafka").first()
    if system is None:
        raise DataSetMissing(
            f"No Kafka system of the catalog is called {system_name!r}.",
            "Write System name/topic, or kafka://broker:9092/topic",
        )
    with system.connect() as connector:
        yield connector, topic, contract_in_force({"system": system.pk, "data_set": topic})
