"""The laws that a request can be made under, as data: `regimes.json`.

Each entry says which rights it knows under which names, how long an answer may take, what extends it, whether and when
an acknowledgement is due, what starts the clock and whether it may stand, and how an appeal is decided. `confidence`
says where the figures come from: have counsel confirm them before relying on one.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

RECEIPT, IDENTITY = "receipt", "identity"


@dataclass(frozen=True, slots=True)
class Period:
    number: int
    unit: str  # day, business day or month

    def __str__(self) -> str:
        return f"{self.number} {self.unit}{'' if self.number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Clock:
    """What the law says of time for one right."""

    respond: Period
    extend: Period | None
    acknowledge: Period | None


@dataclass(frozen=True, slots=True)
class Known:
    """A right under the name the law gives it. `signal`: a browser's Global Privacy Control asks for it too."""

    name: str
    provision: str
    clock: Clock
    signal: bool
    ask_again_after: Period | None  # how long the person may not be asked to opt in again


@dataclass(frozen=True, slots=True)
class Regime:
    key: str
    title: str
    jurisdiction: str
    country: str  # whose public holidays count; empty: the controller's
    region: str
    rights: dict[str, Known]  # by kind of request
    respond: Period
    extend: Period | None
    acknowledge: Period | None
    start: str  # receipt, or identity: the clock starts when the person has proven who they are
    pause: str  # what the clock may stand for; empty: it may not
    rolls: bool  # a last day that is free moves to the next working day
    refuse_notice: Period | None
    appeal: Period | None  # to decide on one; None: the law knows none
    appeal_extend: Period | None
    withdraw_consent: Period | None
    complaint_acknowledge: Period | None
    poll: Period | None  # how often a platform of requests must be asked for new ones
    repeat: Period | None  # how often what came back is erased again
    unverifiable: str  # the right that a request nobody can verify becomes
    since: date | None  # the first day it applies
    authority: str  # where to complain; empty: the supervisory authority, in the letter's own language
    reference: str
    confidence: str

    def clock(self, kind: str) -> Clock:
        """Of a right, or of the regime in general for one it does not know."""
        known = self.rights.get(kind)
        return known.clock if known else Clock(self.respond, self.extend, self.acknowledge)


@cache
def regimes() -> dict[str, Regime]:
    content = json.loads((Path(__file__).parent / "regimes.json").read_text())
    return {entry["regime"]: _regime(entry) for entry in content}


def choices() -> list[tuple[str, str]]:
    return [(regime.key, regime.title) for regime in regimes().values()]


def _regime(entry: dict[str, Any]) -> Regime:
    return Regime(
        key=entry["regime"],
        title=entry["title"],
        jurisdiction=entry["jurisdiction"],
        country=entry.get("country", ""),
        region=entry.get("region", ""),
        rights={kind: _known(right, entry) for kind, right in entry["rights"].items()},
        respond=_period(entry["respond"]) or Period(0, "day"),
        extend=_period(entry.get("extend")),
        acknowledge=_period(entry.get("acknowledge")),
        start=entry["start"],
        pause=entry.get("pause", ""),
        rolls=entry["rule"] == "1182/71",
        refuse_notice=_period(entry.get("refuse_notice")),
        appeal=_period(entry.get("appeal", {}).get("decide")),
        appeal_extend=_period(entry.get("appeal", {}).get("extend")),
        withdraw_consent=_period(entry.get("withdraw_consent")),
        complaint_acknowledge=_period(entry.get("complaint_acknowledge")),
        poll=_period(entry.get("poll")),
        repeat=_period(entry.get("repeat")),
        unverifiable=entry.get("unverifiable", ""),
        since=date.fromisoformat(entry["from"]) if "from" in entry else None,
        authority=entry.get("authority", ""),
        reference=entry["reference"],
        confidence=entry["confidence"],
    )


def _known(right: dict[str, Any], entry: dict[str, Any]) -> Known:
    """What the right does not say itself is as in the whole regime."""
    respond, extend, acknowledge = (
        _period(right.get(name, entry.get(name))) for name in ("respond", "extend", "acknowledge")
    )
    return Known(
        name=right["name"],
        provision=right.get("provision", ""),
        clock=Clock(respond or Period(0, "day"), extend, acknowledge),
        signal=right.get("signal", False),
        ask_again_after=_period(right.get("ask_again_after")),
    )


def _period(given: dict[str, Any] | None) -> Period | None:
    return Period(given["n"], given["unit"]) if given else None
