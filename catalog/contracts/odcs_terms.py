"""Who answers for a contract of ODCS, and how long its data are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

OWNER = "owner"
_DAYS = {"d": 1, "day": 1, "days": 1, "w": 7, "week": 7, "weeks": 7, "m": 30, "month": 30, "months": 30}
_DAYS |= {"y": 365, "yr": 365, "year": 365, "years": 365}


def get_owner(contract: Mapping[str, Any]) -> str:
    """The name of the team, or the member whose role it is."""
    team = contract.get("team")
    if isinstance(team, Mapping) and team.get("name"):
        return str(team["name"])
    members = team.get("members") if isinstance(team, Mapping) else team
    owners = (item for item in members or () if str(item.get("role", "")).casefold() == OWNER)
    return next((str(item["username"]) for item in owners), "")


def put_owner(contract: dict[str, Any], owner: str, *, was: str) -> None:
    if owner == was:
        return
    team = contract.get("team")
    if isinstance(team, list):  # the form before 3.1
        contract["team"] = [{"username": owner, "role": OWNER}, *_others(team)] if owner else _others(team)
    elif owner:
        contract["team"] = {**(team or {}), "name": owner}
    else:
        left = {key: value for key, value in (team or {}).items() if key != "name"}
        if "members" in left:
            left["members"] = _others(left["members"])
        contract["team"] = left


def get_retention(
    contract: Mapping[str, Any], *, tables: Collection[str] = (), columns: Collection[str] = ()
) -> int | None:
    """The days that a retention of the service level agreement gives, the shortest of several.

    An element names the column that the time counts from: it is the rows that go. One that names neither one of
    the `tables` nor of the `columns` concerns another object.
    """
    found = []
    for item in contract.get("slaProperties") or ():
        if str(item["property"]).casefold() != "retention":
            continue
        for element in str(item.get("element") or "").split(","):
            table, _, column = element.strip().rpartition(".")
            if not element.strip() or table in tables or column in columns:
                found.append(_days(item))
    return min((days for days in found if days), default=None)


def put_retention(contract: dict[str, Any], days: int | None) -> None:
    """Say the retention of the whole contract: one that has no element."""
    kept = [item for item in contract.get("slaProperties") or () if not _is_general(item)]
    said = [{"property": "retention", "value": days, "unit": "d"}] if days else []
    if kept or said:
        contract["slaProperties"] = kept + said
    else:
        contract.pop("slaProperties", None)


def _is_general(item: Mapping[str, Any]) -> bool:
    return str(item["property"]).casefold() == "retention" and not item.get("element")


def _days(item: Mapping[str, Any]) -> int | None:
    value, unit = item.get("value"), str(item.get("unit") or "d").casefold()
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        value = int(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or unit not in _DAYS
        or not 0 < value < 1e6
    ):
        return None
    return max(1, round(value * _DAYS[unit]))


def _others(members: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [item for item in members if str(item.get("role", "")).casefold() != OWNER]
