"""What a broker says of a topic's own settings, and changing how long it keeps messages.

Source: Kafka, topic configurations (cleanup.policy, retention.ms, segment.ms, min.compaction.lag.ms,
max.compaction.lag.ms, delete.retention.ms) and their defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.connectors.base import AccessDenied, ConnectorError, DataSetMissing, Unreachable
from catalog.connectors.extras import load

SECONDS = 8.0
FOR_EVER = -1
UNSET = 2**63 - 1  # what Kafka calls no limit
CHECKED_EACH = timedelta(minutes=5)  # log.retention.check.interval.ms, which only the broker knows
LAST_YEAR = 9000


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """How long a topic keeps a message, in milliseconds; None where the broker does not say."""

    compacted: bool = False
    deletes: bool = True
    retention: int | None = None
    segment: int | None = None
    least_lag: int = 0
    most_lag: int | None = None
    tombstones: int | None = None

    @classmethod
    def of(cls, said: Mapping[str, str | None]) -> TopicSettings:
        policies = [each.strip() for each in (said.get("cleanup.policy") or "delete").split(",")]
        most_lag = _number(said.get("max.compaction.lag.ms"))
        return cls(
            compacted="compact" in policies,
            deletes="delete" in policies,
            retention=_number(said.get("retention.ms")),
            segment=_number(said.get("segment.ms")),
            least_lag=_number(said.get("min.compaction.lag.ms")) or 0,
            most_lag=None if most_lag is None or most_lag >= UNSET else most_lag,
            tombstones=_number(said.get("delete.retention.ms")),
        )

    @property
    def for_ever(self) -> bool:
        """No message ever goes by its age."""
        return not self.deletes or self.retention == FOR_EVER

    def retained_until(self, newest: datetime | None) -> datetime | None:
        """When retention has removed a message of that time: with its segment, which goes as a whole."""
        if newest is None or self.for_ever or self.retention is None or self.segment is None:
            return None
        return _later(newest, self.retention + self.segment, CHECKED_EACH)

    def compacted_until(self, newest: datetime | None) -> datetime | None:
        """When compaction must have come to a message of that time, where the topic sets a limit to waiting."""
        if newest is None or not self.compacted or self.most_lag is None:
            return None
        return _later(newest, self.most_lag, CHECKED_EACH)


class KafkaAdmin:
    """`server` is what error messages call the cluster."""

    def __init__(self, configuration: Mapping[str, Any], *, server: str) -> None:
        self.server = server
        self._kafka = load("confluent_kafka", extra="kafka")
        self._admin = load("confluent_kafka.admin", extra="kafka")
        options = {"client.id": "privacy-governance-console", "log_level": 0, **configuration}
        self._client = self._admin.AdminClient(options)

    def settings(self, topic: str) -> TopicSettings:
        """Raises ConnectorError where the broker does not answer or this user may not ask."""
        resource = self._admin.ConfigResource(self._admin.ConfigResource.Type.TOPIC, topic)
        asked = self._client.describe_configs([resource], request_timeout=SECONDS)
        found = self._answer(topic, asked, "DescribeConfigs")
        return TopicSettings.of({name: entry.value for name, entry in found.items()})

    def set_retention(self, topic: str, milliseconds: int) -> None:
        """Have the broker remove what is older; -1 keeps for ever. No other setting of the topic changes."""
        operation = self._admin.AlterConfigOpType.SET
        entry = self._admin.ConfigEntry("retention.ms", str(milliseconds), incremental_operation=operation)
        kind = self._admin.ConfigResource.Type.TOPIC
        resource = self._admin.ConfigResource(kind, topic, incremental_configs=[entry])
        asked = self._client.incremental_alter_configs([resource], request_timeout=SECONDS)
        self._answer(topic, asked, "AlterConfigs")

    def _answer(self, topic: str, asked: Mapping[Any, Any], right: str) -> Any:
        (future,) = asked.values()
        try:
            return future.result(SECONDS + 2)
        except TooLate:
            raise self._silent() from None
        except self._kafka.KafkaException as failure:
            raise self._explain(failure.args[0], topic, right) from None

    def _explain(self, error: Any, topic: str, right: str) -> ConnectorError:
        kafka = self._kafka.KafkaError
        if error.code() in (kafka.TOPIC_AUTHORIZATION_FAILED, kafka.CLUSTER_AUTHORIZATION_FAILED):
            return AccessDenied(
                f"{self.server} does not let this user do {right} on {topic}.", f"Grant it {right} there."
            )
        if error.code() in (kafka.UNKNOWN_TOPIC_OR_PART, kafka._UNKNOWN_TOPIC):
            return DataSetMissing(f"There is no topic {topic}.", "Scan the system again.")
        if error.code() in (kafka.INVALID_CONFIG, kafka.POLICY_VIOLATION, kafka.INVALID_REQUEST):
            return ConnectorError(
                f"{self.server} refused the setting of {topic} ({error.name()}).",
                "See the broker's own rules for topics.",
            )
        return self._silent(error.name())

    def _silent(self, said: str = "no answer in time") -> ConnectorError:
        return Unreachable(
            f"{self.server} did not answer about its topics' settings ({said}).",
            "Check that its brokers run and that the console may reach each of them.",
        )


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _later(start: datetime, milliseconds: int, more: timedelta) -> datetime | None:
    """None for a date that no calendar has: for ever in other words."""
    try:
        found = start + timedelta(milliseconds=milliseconds) + more
    except OverflowError:
        return None
    return found if found.year < LAST_YEAR else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdecimal() else None
