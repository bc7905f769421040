"""Kafka: each topic is a data set, with the fields of its messages as columns.

A message cannot be changed, and taking one out means to write a tombstone to a compacted topic, and then to wait until
the broker compacts it, or else to wait for the topic's retention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow.compute as pc

from catalog.connectors.ageing import is_older
from catalog.connectors.base import (
    Capability,
    ConnectorError,
    ConstraintInTheWay,
    Lingering,
    Match,
    Older,
    Operation,
    Replacement,
    Unsupported,
    WayOut,
)
from catalog.connectors.kafka_admin import KafkaAdmin
from catalog.connectors.kafka_form import KafkaForm
from catalog.connectors.kafka_outlook import lingering, problem, way_out
from catalog.connectors.kafka_reading import TopicReader
from catalog.connectors.kafka_shape import Shape
from catalog.connectors.kafka_survey import Survey, survey
from catalog.connectors.kafka_tombstones import write_tombstones


class KafkaConnector(TopicReader):
    kind = "kafka"
    label = "Kafka"
    Form = KafkaForm
    secret_fields = frozenset({"password", "schema_registry_password"})
    search_inside = True
    capabilities = frozenset({Capability.FIND, Capability.WITHDRAW, Capability.RETAIN})

    def __init__(self, settings: Mapping[str, Any], *, writable: bool = False) -> None:
        super().__init__(settings, writable=writable)
        self._admin: KafkaAdmin | None = None

    def close(self) -> None:
        super().close()
        self._admin = None

    @property
    def admin(self) -> KafkaAdmin:
        if self._admin is None:
            self._admin = KafkaAdmin(self._configuration, server=self._server)
        return self._admin

    def way_out(self, data_set: str, matches: Sequence[Match]) -> WayOut:
        return way_out(data_set, self.admin.settings(data_set), self._survey(data_set, matches))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        """Raises ConstraintInTheWay where messages would stay for ever."""
        self.require_writable()
        counts = []
        for operation in operations:
            if operation.replacements:
                raise _unchangeable(operation.data_set)
            found = self._survey(operation.data_set, operation.matches)
            refusal = problem(operation.data_set, self.admin.settings(operation.data_set), found)
            if refusal:
                raise refusal
            counts.append(found.rows)
        return counts

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        """Write a tombstone for each key that a meant message still speaks for; how many messages are meant.

        In a topic that is not compacted nothing is written: its retention removes them.
        """
        self.require_writable()
        found = self._survey(data_set, matches)
        settings = self.admin.settings(data_set)
        if not settings.compacted:
            return 0
        if refusal := problem(data_set, settings, found):
            raise refusal
        if found.live:
            write_tombstones(self._configuration, data_set, found.live, server=self._server)
            if left := self._survey(data_set, matches).live:
                raise ConnectorError(
                    f"After the tombstones, {len(left)} keys of {data_set} hold the same messages again.",
                    "Stop what writes them, then try again.",
                )
        return found.rows

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        self.require_writable()
        raise _unchangeable(data_set)

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        return lingering(data_set, self.admin.settings(data_set), self._survey(data_set, matches))

    def count_older(self, data_set: str, older: Older) -> int:
        if older.column != "_timestamp":
            raise Unsupported(
                f"A topic tells the age of {data_set} by the time of its messages alone.",
                "Choose _timestamp as what tells the age of its rows.",
            )
        batches = self.read(data_set, columns=[older.column])
        return sum(pc.sum(is_older(batch[0], older)).as_py() or 0 for batch in batches)

    def retention_of(self, data_set: str) -> timedelta | None:
        """By the time of the messages; None also where the topic is only compacted."""
        settings = self.admin.settings(data_set)
        if settings.for_ever or settings.retention is None:
            return None
        return timedelta(milliseconds=settings.retention)

    def set_retention(self, data_set: str, period: timedelta) -> None:
        self.require_writable()
        self._stretches(data_set)  # DataSetMissing: a broker may take settings for a topic that is not there
        if not self.admin.settings(data_set).deletes:
            raise ConstraintInTheWay(
                f"The topic {data_set} is only compacted: it removes nothing by age.",
                "Set its cleanup.policy to compact,delete.",
            )
        self.admin.set_retention(data_set, period // timedelta(milliseconds=1))

    def _survey(self, topic: str, matches: Sequence[Match]) -> Survey:
        if not matches:
            return Survey()
        stretches = self._stretches(topic)
        names = list(dict.fromkeys(name for match in matches for name in match.columns))

        def look(shape: Shape) -> Survey:
            return survey(shape, self.client.read(topic, stretches), matches, names)

        return self._with_shape(topic, stretches, names, look)


def _unchangeable(topic: str) -> ConnectorError:
    return Unsupported(
        f"A message in the topic {topic} cannot be changed.",
        "Erase it instead, or have its owner write the topic again.",
    )
