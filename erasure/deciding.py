"""For each data set that holds the person: do its rows go, or do they stay without what is personal in them?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.classification.vocabulary import Sensitivity
from catalog.connectors import registry
from catalog.connectors.base import Capability, Match
from catalog.models import Column, Link
from erasure.finding import Estate, pointing, subtract
from erasure.keysets import KeySet
from erasure.models import Hit
from erasure.replacing import CannotReplace, dump, replacement_for
from retention.models import Hold


@dataclass
class Decision:
    """What becomes of the rows of one hit, why, and what stands in the way."""

    method: str
    reason: str = ""
    hold: Hold | None = None
    replacements: dict[str, dict] = field(default_factory=dict)
    kept: list[dict[str, str]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)  # names and counts, for the step
    sealed: bytes | None = None  # what is personal in it, for the step
    beside: "list[Decision]" = field(default_factory=list)  # more that becomes of the same data set


def decide(
    estate: Estate, ordered: list[Hit], keys: Mapping[int, KeySet], holds: Mapping[int, Hold]
) -> dict[int, Decision]:
    """A decision per data set, in the given order: what points to rows is decided before the rows."""
    decisions: dict[int, Decision] = {}
    for hit in ordered:
        hold = holds.get(hit.data_set_id)
        connector = registry.get(hit.data_set.system.kind)
        if Capability.CHANGE not in connector.capabilities:
            reason = f"The console cannot change this store ({connector.label})."
            decisions[hit.data_set_id] = Decision("keep" if hold else "ask", reason, hold)
            continue
        if hold:
            reason = f"Legal hold, {hold.get_exemption_display()}: {hold.reason}"
            decisions[hit.data_set_id] = _anonymize(estate, hit, reason, hold)
            continue
        staying = _rows_that_stay(estate, hit, keys, decisions)
        if staying:
            reason = f"Rows that stay refer to these: {', '.join(staying)}."
            decisions[hit.data_set_id] = _anonymize(estate, hit, reason, None)
        else:
            decisions[hit.data_set_id] = Decision("delete")
    return decisions


def _rows_that_stay(
    estate: Estate, hit: Hit, keys: Mapping[int, KeySet], decisions: Mapping[int, Decision]
) -> list[str]:
    """Which rows will still point to the hit's rows when their own turn is over, by foreign key."""
    staying = []
    for link in estate.links_into[hit.data_set_id]:
        values = keys[hit.data_set_id].anchors.get(link.pk)
        if link.origin != Link.Origin.FOREIGN_KEY or values is None or not values.num_rows:
            continue
        source = estate.data_sets[link.source_id]
        decision = decisions.get(link.source_id)
        stays = decision is not None and decision.method != "delete"
        if decision and stays and set(link.source_columns) <= set(decision.replacements):
            continue  # the rows stay, but will point nowhere
        pointing_rows = _count_others(estate, link, pointing(link, values), None if stays else keys)
        if pointing_rows:
            staying.append(f"{pointing_rows} in {source.name}")
    return staying


def _count_others(estate: Estate, link: Link, match: Match, keys: Mapping[int, KeySet] | None) -> int:
    """Rows that satisfy `match`; with `keys`, without those that are the person's own."""
    source = estate.data_sets[link.source_id]
    connector = estate.connections.to(source.system)
    own = keys.get(link.source_id) if keys else None
    if own and not source.primary_key and link.follow == Link.Follow.OWNED:
        return 0  # the search followed this very link: all rows that point here are the person's
    if own is None or not source.primary_key:
        return connector.count(source.name, [match])
    rows = connector.find(source.name, [match], list(source.primary_key))
    return subtract(rows, own.matches[0].keys, list(source.primary_key)).num_rows


def _anonymize(estate: Estate, hit: Hit, reason: str, hold: Hold | None) -> Decision:
    decision = Decision("anonymize", reason, hold)
    keys = set(estate.data_sets[hit.data_set_id].primary_key)
    foreign = {
        name: link
        for links in estate.links_into.values()
        for link in links
        if link.source_id == hit.data_set_id and link.origin == Link.Origin.FOREIGN_KEY
        for name in link.source_columns
    }
    for column in estate.columns[hit.data_set_id]:
        if not column.personal:
            continue
        why = _why_kept(column, keys, foreign, hold)
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


def _why_kept(column: Column, keys: set[str], foreign: Mapping[str, Link], hold: Hold | None) -> str:
    if hold and column.name in hold.keep_columns:
        return "the legal hold requires it"
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
