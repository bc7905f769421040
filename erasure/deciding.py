"""For each data set that holds the person: do its rows go, or do they stay without what is personal in them?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from catalog.classification.vocabulary import Sensitivity
from catalog.connectors import registry
from catalog.connectors.base import Capability, Match, WayOut
from catalog.models import Column, Link
from erasure.custodians.models import RowExemption
from erasure.finding import Estate, pointing, subtract
from erasure.keysets import UNSAID, UNTOLD, KeySet, distinct
from erasure.models import Hit
from erasure.replacing import CannotReplace, dump, replacement_for
from retention.models import Hold

OTHERS_TOO = "These rows are other persons' too: they stay, without this person."


@dataclass
class Decision:
    """What becomes of the rows of one hit, why, and what stands in the way.

    `beside` says it of the rows that are others' too, one decision for each `part` of the key set.
    """

    method: str
    reason: str = ""
    hold: Hold | None = None
    replacements: dict[str, dict] = field(default_factory=dict)
    kept: list[dict[str, str]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)  # names and counts, for the step
    sealed: bytes | None = None  # what is personal in it, for the step
    part: str = ""
    rows: int = 0
    beside: "list[Decision]" = field(default_factory=list)


def decide(
    estate: Estate,
    ordered: list[Hit],
    keys: Mapping[int, KeySet],
    holds: Mapping[int, Hold],
    exemptions: Mapping[int, RowExemption] | None = None,
) -> dict[int, Decision]:
    """A decision per data set, in the given order: what points to rows is decided before the rows.

    A hold covers the data set for everybody; an exception (Art. 17(3)) covers the rows of this request alone.
    """
    decisions: dict[int, Decision] = {}
    for hit in ordered:
        hold = holds.get(hit.data_set_id)
        exemption = (exemptions or {}).get(hit.data_set_id) if hold is None else None
        decision = _decide(estate, hit, keys, hold, exemption, decisions)
        decision.beside = without_the_person(estate, hit, keys[hit.data_set_id], hold)
        if exemption:
            decision.beside = [_excepted(each, exemption) for each in decision.beside]
        decisions[hit.data_set_id] = decision
    return decisions


def _decide(
    estate: Estate,
    hit: Hit,
    keys: Mapping[int, KeySet],
    hold: Hold | None,
    exemption: RowExemption | None,
    decisions: Mapping[int, Decision],
) -> Decision:
    """Of the rows that are the person's alone."""
    if not hit.rows:
        return Decision("keep")
    connector = registry.get(hit.data_set.system.kind)
    said = f"Legal hold, {hold.get_exemption_display()}: {hold.reason}" if hold else ""
    said = exemption.said if exemption else said
    cannot = f"The console cannot change this store ({connector.label})."
    if said and Capability.CHANGE not in connector.capabilities:
        return _keep_whole(estate, hit, f"{said} {cannot}", hold)
    if Capability.WITHDRAW in connector.capabilities:
        way = _way_out(estate, hit, keys)
        return Decision(way.method, way.outlook)
    if Capability.CHANGE not in connector.capabilities:
        return Decision("ask", cannot)
    if hold:
        return _anonymize(estate, hit, said, hold)
    if exemption:
        return _anonymize(estate, hit, said, None, exemption)
    staying = _rows_that_stay(estate, hit, keys, decisions)
    if staying:
        return _anonymize(estate, hit, f"Rows that stay refer to these: {', '.join(staying)}.", None)
    way = _way_out(estate, hit, keys)
    return Decision(way.method, way.outlook)


def _keep_whole(estate: Estate, hit: Hit, reason: str, hold: Hold | None) -> Decision:
    """What must stay in a store that cannot change a part of a row stays as it is; the plan says it of each column."""
    why = "the rows must stay, and this store cannot change a part of them"
    personal = [column.name for column in estate.columns[hit.data_set_id] if column.personal]
    return Decision("keep", reason, hold, kept=[{"column": name, "why": why} for name in personal])


def _way_out(estate: Estate, hit: Hit, keys: Mapping[int, KeySet]) -> WayOut:
    connector = estate.connections.to(hit.data_set.system)
    return connector.way_out(hit.data_set.name, keys[hit.data_set_id].matches)


def _excepted(decision: Decision, exemption: RowExemption) -> Decision:
    """Rows that are others' too keep what says that they are this person's, where the exception needs just that."""
    if not set(decision.part.split(", ")) & set(exemption.keep_columns):
        return decision
    return Decision(
        "keep", exemption.said, part=decision.part, rows=decision.rows, problems=decision.problems
    )


def without_the_person(estate: Estate, hit: Hit, keys: KeySet, hold: Hold | None) -> list[Decision]:
    """Of the rows that are others' too: they stay, and what says that they are this person's is overwritten.

    A row whose very key says so (the membership of a person in a group) is nothing without them, and is deleted.
    """
    connector = registry.get(hit.data_set.system.kind)
    decisions = []
    for part, matches in keys.shared.items():
        rows = hit.shared if part == UNTOLD else sum(match.keys.num_rows for match in matches)
        decision = Decision("keep", OTHERS_TOO, hold, part=part, rows=rows)
        decision.problems += _undecided(estate, hit, rows)
        decisions.append(decision)
        if part == UNTOLD:
            decision.problems.append(_untold(hit))
        elif part != UNSAID and Capability.CHANGE not in connector.capabilities:
            decision.method = "keep" if hold else "ask"
            decision.reason = f"The console cannot change this store ({connector.label}). {OTHERS_TOO}"
        elif part != UNSAID:
            _take_out(estate, hit, decision, set(part.split(", ")))
    return decisions


def _take_out(estate: Estate, hit: Hit, decision: Decision, names: set[str]) -> None:
    if names & set(estate.data_sets[hit.data_set_id].primary_key) and not decision.hold:
        decision.method, decision.reason = (
            "delete",
            "Their key is this person's: without them they say nothing.",
        )
        return
    for column in estate.columns[hit.data_set_id]:
        if column.name not in names:
            continue
        why = _why_kept(column, set(), _foreign(estate, hit), decision.hold)
        if not why and not column.nullable and not _tells_by_itself(estate, column):
            why = "it may not be empty, and says nothing about the person once their own rows are gone"
        if why:
            decision.kept.append({"column": column.name, "why": why})
            continue
        try:
            decision.replacements[column.name] = dump(replacement_for(column))
        except CannotReplace as problem:
            decision.problems.append({"where": str(hit.data_set), "message": str(problem), "remedy": ""})
    if decision.replacements:
        decision.method = "anonymize"


def _tells_by_itself(estate: Estate, column: Column) -> bool:
    """Whether the value says who the person is, and not only the number of rows that go."""
    return (
        column.sensitivity == Sensitivity.DIRECT
        or bool(column.contains)
        or bool(estate.nested.get(column.pk))
    )


def _undecided(estate: Estate, hit: Hit, rows: int) -> list[dict[str, str]]:
    """A scan's guess that a row belongs to the person it points to is no reason to keep it from another's erasure."""
    guessed = [
        link
        for link in estate.links_out[hit.data_set_id]
        if link.follow == Link.Follow.OWNED and not link.decided_at
    ]
    if not guessed:
        return []
    columns = "; ".join(", ".join(link.source_columns) for link in guessed)
    return [
        {
            "where": str(hit.data_set),
            "message": f"{rows} rows are other persons' too, as far as a scan has guessed from {columns}.",
            "remedy": "Let a steward decide for these links whose the rows are; then search again.",
        }
    ]


def _untold(hit: Hit) -> dict[str, str]:
    return {
        "where": str(hit.data_set),
        "message": "Some of these rows are other persons' too, and no primary key tells them apart.",
        "remedy": "Give the table a primary key, or decide that one of its links only refers to a person.",
    }


def _rows_that_stay(
    estate: Estate, hit: Hit, keys: Mapping[int, KeySet], decisions: Mapping[int, Decision]
) -> list[str]:
    """Which rows will still point to the hit's rows when their own turn is over, by foreign key."""
    staying = []
    for link in estate.links_into[hit.data_set_id]:
        values = _pointed_to(estate, hit, link, keys[hit.data_set_id])
        if link.origin != Link.Origin.FOREIGN_KEY or values is None or not values.num_rows:
            continue
        source = estate.data_sets[link.source_id]
        decision = decisions.get(link.source_id)
        leaving = _leaving(link, keys.get(link.source_id), decision)
        pointing_rows = _count_others(estate, link, pointing(link, values), leaving)
        if pointing_rows:
            staying.append(f"{pointing_rows} in {source.name}")
    return staying


def _pointed_to(estate: Estate, hit: Hit, link: Link, keys: KeySet) -> pa.Table | None:
    """The values by which rows of the link's source point to rows of the hit that are the person's alone."""
    if link.origin != Link.Origin.FOREIGN_KEY or not keys.shared:
        return keys.anchors.get(link.pk)
    connector = estate.connections.to(hit.data_set.system)
    return distinct(connector.find(hit.data_set.name, keys.matches, link.target_columns))


def _leaving(link: Link, own: KeySet | None, decision: Decision | None) -> KeySet | None:
    """The person's own rows of the link's source that will be gone, or will point nowhere; None if there are none.

    A data set that is decided later counts as leaving: a circle is broken by the rehearsal, not here.
    """
    if own is None:
        return None
    parts = {"": own.matches} | own.shared
    chosen = {"": decision} | {one.part: one for one in decision.beside} if decision else {}
    gone: list[Match] = []
    for part, matches in parts.items():
        one = chosen.get(part)
        if one is None or one.method == "delete" or set(link.source_columns) <= set(one.replacements):
            gone += matches
    return KeySet(gone) if gone else None


def _count_others(estate: Estate, link: Link, match: Match, leaving: KeySet | None) -> int:
    """Rows that satisfy `match`, without those that are `leaving`."""
    source = estate.data_sets[link.source_id]
    connector = estate.connections.to(source.system)
    if leaving and not source.primary_key and link.follow == Link.Follow.OWNED:
        return 0  # the search followed this very link: all rows that point here are the person's
    if leaving is None or not source.primary_key:
        return connector.count(source.name, [match])
    rows = connector.find(source.name, [match], list(source.primary_key))
    for gone in leaving.matches:
        rows = subtract(rows, gone.keys, list(source.primary_key))
    return rows.num_rows


def _foreign(estate: Estate, hit: Hit) -> dict[str, Link]:
    return {
        name: link
        for link in estate.links_out[hit.data_set_id]
        if link.origin == Link.Origin.FOREIGN_KEY
        for name in link.source_columns
    }


def _anonymize(
    estate: Estate, hit: Hit, reason: str, hold: Hold | None, exemption: RowExemption | None = None
) -> Decision:
    decision = Decision("anonymize", reason, hold)
    keys = set(estate.data_sets[hit.data_set_id].primary_key)
    foreign = _foreign(estate, hit)
    for column in estate.columns[hit.data_set_id]:
        if not column.personal:
            continue
        why = _why_kept(column, keys, foreign, hold or exemption)
        if why:
            decision.kept.append({"column": column.name, "why": why})
            if column.name in keys and column.sensitivity == Sensitivity.DIRECT:
                decision.problems.append(_key_identifies(hit, column))
            continue
        try:
            decision.replacements[column.name] = dump(replacement_for(column))
        except CannotReplace as problem:
            decision.problems.append({"where": str(hit.data_set), "message": str(problem), "remedy": ""})
    if not decision.replacements and not decision.problems:
        decision.method = "keep"
    return decision


def _why_kept(
    column: Column, keys: set[str], foreign: Mapping[str, Link], keeping: Hold | RowExemption | None
) -> str:
    if keeping and column.name in keeping.keep_columns:
        return "the legal hold requires it" if isinstance(keeping, Hold) else "the exception requires it"
    if column.name in keys:
        return "the key of the row, which says nothing about the person once the other fields are gone"
    if column.name in foreign and not column.nullable:
        return f"foreign key to {foreign[column.name].target.name} that may not be empty"
    if column.generated:
        return "computed by the store from the other fields"
    return ""


def _key_identifies(hit: Hit, column: Column) -> dict[str, str]:
    return {
        "where": str(hit.data_set),
        "message": f"The key column {column.name} itself identifies the person, and the rows must stay.",
        "remedy": "Release the hold, remove the rows that refer to these, or reclassify the column.",
    }
