"""Where content comes from: the facets `columnLineage` and `lineage`, as flows between names. Pure.

Source: ColumnLineageDatasetFacet 1-2-0 with its older form (one `transformationType` for all inputs of a column), and
LineageFacet 1-0-0 (https://openlineage.io/spec/facets/).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.lineage.canonical import Name
from catalog.lineage.facets import MOST_FIELDS, MOST_INPUTS, deleted, name_of, told
from catalog.lineage.typed import LONGEST_NAME, Node
from catalog.models import Edge

DIRECT, INDIRECT = Edge.Kind.DIRECT.value, Edge.Kind.INDIRECT.value
LONGEST_EVIDENCE = 500
DATASET = "DATASET"


@dataclass(frozen=True, slots=True)
class NamedFlow:
    """Content of the source gets into the target; without a column, of or into the data set as a whole."""

    source: Name
    source_column: str | None
    target: Name
    target_column: str | None
    kind: str = DIRECT
    subtype: str = ""
    masking: bool = False
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class How:
    """What is done to a value on the way."""

    kind: str = DIRECT
    subtype: str = ""
    masking: bool = False
    evidence: str = ""


_AS_IT_IS = How()


def flows_into(data_set: Node, target: Name) -> list[NamedFlow] | None:
    """What the facets of a data set say of its sources; None where they say nothing. Raises BadEvent.

    A facet that was sent to be deleted says that there are none.
    """
    facets = data_set.node("facets")
    columns, lineage = told(facets, "columnLineage"), told(facets, "lineage")
    if columns is None and lineage is None:
        gone = deleted(facets, "columnLineage") or deleted(facets, "lineage")
        return [] if gone else None
    flows = list(_column_lineage(columns, target)) if columns else []
    return flows + (list(_lineage(lineage, target)) if lineage else [])


def flows_of_job(job: Node) -> dict[Name, list[NamedFlow]]:
    """What the facet `lineage` of a job says, by target. An end that is a job stays in the facet. Raises BadEvent."""
    facet = told(job.node("facets"), "lineage")
    found: dict[Name, list[NamedFlow]] = {}
    for entry in facet.nodes("entries", most=MOST_INPUTS) if facet else ():
        if entry.name("type") == DATASET:
            target = name_of(entry)
            found.setdefault(target, []).extend(_lineage(entry, target))
    return found


def _column_lineage(facet: Node, target: Name) -> Iterator[NamedFlow]:
    for column, field in facet.members("fields", most=MOST_FIELDS):
        older = _older_form(field)
        for given in field.nodes("inputFields", most=MOST_INPUTS):
            source, source_column = name_of(given), given.name("field")
            for how in _hows(given) or [older]:
                yield _flow(source, source_column, target, column, how)
    for given in facet.nodes("dataset", most=MOST_INPUTS):
        source, source_column = name_of(given), given.name("field")
        for how in _hows(given) or [How(INDIRECT)]:
            yield _flow(source, source_column, target, None, how)


def _lineage(holder: Node, target: Name) -> Iterator[NamedFlow]:
    """A source data set that is named as a whole adds nothing where its columns are named as well."""
    flows = [
        flow
        for column, field in holder.members("fields", most=MOST_FIELDS)
        for flow in _inputs(field, target, column)
    ]
    yield from flows
    detailed = {flow.source for flow in flows if flow.source_column}
    for flow in _inputs(holder, target, None):
        if flow.source_column or flow.source not in detailed:
            yield flow


def _inputs(holder: Node, target: Name, column: str | None) -> Iterator[NamedFlow]:
    for given in holder.nodes("inputs", most=MOST_INPUTS):
        if given.name("type") != DATASET:
            continue
        source, source_column = name_of(given), given.text("field", most=LONGEST_NAME) or None
        otherwise = How(INDIRECT) if source_column and column is None else How()
        for how in _hows(given) or [otherwise]:
            yield _flow(source, source_column, target, column, how)


def _hows(given: Node) -> list[How]:
    return [
        How(
            kind=INDIRECT if one.name("type").upper() == "INDIRECT" else DIRECT,
            subtype=one.text("subtype")[:40].upper(),
            masking=one.flag("masking"),
            evidence=one.text("description")[:LONGEST_EVIDENCE],
        )
        for one in given.nodes("transformations", most=100)
    ]


def _older_form(field: Node) -> How:
    if "transformationType" not in field.value and "transformationDescription" not in field.value:
        return _AS_IT_IS
    word = field.text("transformationType")[:40].upper()
    evidence = field.text("transformationDescription")[:LONGEST_EVIDENCE]
    if word == "MASKED":
        return How(masking=True, subtype="TRANSFORMATION", evidence=evidence)
    if word in (DIRECT.upper(), INDIRECT.upper()):
        return How(kind=word.lower(), evidence=evidence)
    return How(subtype=word, evidence=evidence)


def _flow(source: Name, source_column: str | None, target: Name, column: str | None, how: How) -> NamedFlow:
    return NamedFlow(source, source_column, target, column, how.kind, how.subtype, how.masking, how.evidence)
