"""What becomes of messages in a topic, said before and after: by compaction, by retention, or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from catalog.connectors.base import ConnectorError, ConstraintInTheWay, Lingering, WayOut
from catalog.connectors.kafka_admin import TopicSettings
from catalog.connectors.kafka_survey import Survey

TOMBSTONE, OUTLIVE = "tombstone", "outlive"


def way_out(topic: str, settings: TopicSettings, found: Survey) -> WayOut:
    """Which method of erasure, and what the reader of a plan has to know about it."""
    if not settings.compacted:
        until = settings.retained_until(found.newest_moment)
        return WayOut(
            OUTLIVE, f"Nothing can be taken out of this topic: its retention removes messages{_by(until)}."
        )
    many, keys = len(found.live), len(found.keys)
    return WayOut(
        TOMBSTONE,
        f"{many} of {keys} keys get a tombstone. The old messages can be read until the broker compacts the "
        f"topic{_no_date(settings)}",
    )


def problem(topic: str, settings: TopicSettings, found: Survey) -> ConnectorError | None:
    """What keeps the messages from ever going."""
    if settings.compacted and found.keyless and settings.for_ever:
        return ConstraintInTheWay(
            f"{found.keyless} of the messages in {topic} have no key: no tombstone can be written for them.",
            "Have the topic written again without them, or give it a retention beside compaction.",
        )
    if not settings.compacted and settings.for_ever and found.rows:
        return ConstraintInTheWay(
            f"The topic {topic} keeps its messages for ever (retention.ms = -1).",
            "Set a retention for it, or have its owner write the topic again without the messages.",
        )
    return None


def lingering(topic: str, settings: TopicSettings, found: Survey) -> Lingering | None:
    """None where no meant message is left, and where one still counts: then it was not deleted."""
    if not found.rows:
        return None
    retained = settings.retained_until(found.newest_moment)
    if not settings.compacted:
        return Lingering(found.rows, retained, _retention(topic, settings))
    if found.live or (found.keyless and settings.for_ever):
        return None
    compacted = settings.compacted_until(found.superseded_moment)
    if compacted and found.tombstones:  # a key that itself tells the person stays on the tombstone
        compacted += timedelta(milliseconds=settings.tombstones or 0)
    ends = [retained] if found.keyless else [compacted, retained]  # whichever comes first
    until = min((end for end in ends if end), default=None)
    return Lingering(found.rows, until, _compaction(topic, settings, found))


def _retention(topic: str, settings: TopicSettings) -> str:
    if settings.for_ever:
        return f"{topic} keeps its messages for ever: set a retention for it."
    if settings.retention is None:
        return f"{topic} deletes its messages by age; the broker does not say after how long."
    return f"{topic} deletes its messages {_span(settings.retention)} after they were written, by whole segments."


def _compaction(topic: str, settings: TopicSettings, found: Survey) -> str:
    parts = [f"The keys have ended in {topic}; older messages stay in it until the broker compacts it"]
    if settings.least_lag:
        parts.append(f"not before {_span(settings.least_lag)} have passed")
    if settings.segment:
        parts.append(f"and only closed segments, which a new message closes after {_span(settings.segment)}")
    text = ", ".join(parts) + "."
    if found.tombstones:
        text += f" The tombstones themselves stay {_span(settings.tombstones or 0)} longer."
    return text


def _by(until: datetime | None) -> str:
    if until is None:
        return ", at a time the broker does not say"
    return f" by {timezone.localtime(until):%-d %b %Y, %H:%M}"


def _no_date(settings: TopicSettings) -> str:
    if settings.most_lag is not None:
        return f", {_span(settings.most_lag)} after they were overwritten at the latest."
    return ", for which it has no date."


def _span(milliseconds: int) -> str:
    for unit, size in (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000)):
        if milliseconds >= 2 * size and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds / 1000:g} seconds"
