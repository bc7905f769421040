"""The topics of a stream: whether they are there and wide enough, and making those it writes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.connectors.base import DataSetMissing
from catalog.connectors.extras import load
from retention.anonymization.streams.spec import StreamSpec
from retention.anonymization.techniques.base import TechniqueError

SECONDS = 10.0
ADOPTED = ("cleanup.policy", "retention.ms", "retention.bytes")


def prepare(spec: StreamSpec, source: Mapping[str, Any], target: Mapping[str, Any], *, create: bool) -> int:
    """How many partitions the source has; with `create`, missing topics are made.

    Raises ConnectorError and TechniqueError, also where the output has fewer partitions than the source.
    A new output is kept as long as its source and compacted like it. The dead letters hold messages as they were: they
    are kept as long as the source, beside it, and never compacted, because that would take away some of them.
    """
    if spec.source == spec.output and source["bootstrap.servers"] == target["bootstrap.servers"]:
        raise TechniqueError(f"{spec.source} cannot be its own output.", "Name another topic.")
    partitions = _partitions(source, spec.source)
    if not partitions:
        raise DataSetMissing(f"There is no topic {spec.source}.", "Check its name.")
    for where, topic in ((target, spec.output), (source, spec.dead)):
        has = _partitions(where, topic)
        if not has and create:
            policy = _policy(source, spec.source)
            if topic == spec.dead:
                policy["cleanup.policy"] = "delete"
            _create(where, topic, partitions, policy)
        elif not has:
            raise DataSetMissing(
                f"There is no topic {topic}.", "Create it, or let the stream do so with --create."
            )
        elif has < partitions:
            raise TechniqueError(
                f"{topic} has {has} partitions, and {spec.source} has {partitions}.",
                "Each partition goes to the one of its number: add partitions.",
            )
    return partitions


def _partitions(options: Mapping[str, Any], topic: str) -> int:
    found = _admin(options).list_topics(timeout=SECONDS).topics.get(topic)
    return 0 if found is None or found.error else len(found.partitions)


def _policy(options: Mapping[str, Any], topic: str) -> dict[str, str]:
    """What the source says of cleaning up; nothing where the broker does not tell this user."""
    kafka = load("confluent_kafka", extra="kafka")
    library = load("confluent_kafka.admin", extra="kafka")
    admin = _admin(options)  # its answers go with it
    resource = library.ConfigResource(library.ConfigResource.Type.TOPIC, topic)
    (answer,) = admin.describe_configs([resource], request_timeout=SECONDS).values()
    try:
        found = answer.result(SECONDS)
    except kafka.KafkaException:
        return {}
    return {name: found[name].value for name in ADOPTED if name in found and found[name].value is not None}


def _create(options: Mapping[str, Any], topic: str, partitions: int, policy: Mapping[str, str]) -> None:
    kafka = load("confluent_kafka", extra="kafka")
    new = load("confluent_kafka.admin", extra="kafka").NewTopic(topic, partitions, config=dict(policy))
    admin = _admin(options)
    (answer,) = admin.create_topics([new]).values()
    try:
        answer.result(SECONDS)
    except kafka.KafkaException as failure:
        if failure.args[0].code() != kafka.KafkaError.TOPIC_ALREADY_EXISTS:
            raise TechniqueError(
                f"The topic {topic} could not be created ({failure.args[0].name()}).",
                "Create it by hand, or let this user create topics.",
            ) from None


def _admin(options: Mapping[str, Any]) -> Any:
    return load("confluent_kafka.admin", extra="kafka").AdminClient({**options, "log_level": 0})
