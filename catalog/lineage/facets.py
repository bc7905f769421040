"""The facets of a data set that the catalog understands. All others stay in the event as they came. Pure.

Source: the facets' JSON schemas of OpenLineage 2-0-2 (https://openlineage.io/spec/facets/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalog.lineage.canonical import Name, canonical
from catalog.lineage.typed import LONGEST_NAME, BadEvent, Node

MOST_FIELDS = 20_000
MOST_INPUTS = 20_000
MOST_FACETS = 1_000
LIFECYCLES = frozenset({"ALTER", "CREATE", "DROP", "OVERWRITE", "RENAME", "TRUNCATE"})


@dataclass(frozen=True, slots=True)
class Field:
    """A column by its path (`address.city`, `visits[].ip`), and the path it lies in."""

    path: str
    data_type: str
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """`field` is empty where the tag is on the data set."""

    key: str
    value: str
    field: str


@dataclass(frozen=True, slots=True)
class DataSetFacets:
    """What an event says of a data set; None where it says nothing of the sort."""

    kind: str
    schema: tuple[Field, ...] | None
    tags: tuple[Tag, ...] | None
    symlinks: tuple[Name, ...]
    lifecycle: str
    previous: Name | None


def read_facets(facets: Node) -> DataSetFacets:
    """Raises BadEvent, naming the place, where a facet it knows is not what its schema says."""
    for key, facet in facets.members("facets", most=MOST_FACETS):
        if key in _CHECKS and not facet.flag("_deleted"):
            _CHECKS[key](facet)
    held = facets.node("facets")
    lifecycle, previous = _lifecycle(held)
    return DataSetFacets(_kind(held), _schema(held), _tags(held), _symlinks(held), lifecycle, previous)


def told(facets: Node, key: str) -> Node | None:
    """The facet, unless it is missing or sent to be deleted."""
    facet = facets.node(key)
    return facet if facet.value and not facet.flag("_deleted") else None


def deleted(facets: Node, key: str) -> bool:
    return facets.node(key).flag("_deleted")


def name_of(node: Node) -> Name:
    return canonical(node.name("namespace"), node.name("name"))


def _schema(facets: Node) -> tuple[Field, ...] | None:
    facet = told(facets, "schema")
    if facet is None or facet.value.get("fields") is None:
        return None
    fields = {field.path: field for field in _fields(facet, "")}
    if len(fields) > MOST_FIELDS:
        raise BadEvent(facet.at("fields"), f"has {len(fields):,} columns; {MOST_FIELDS:,} are allowed.")
    return tuple(fields.values())


def _fields(holder: Node, inside: str) -> Iterator[Field]:
    for node in holder.nodes("fields", most=MOST_FIELDS):
        name = node.name("name")
        if inside and name == "_element":  # what the specification calls an item of a list
            yield from _fields(node, f"{inside}[]")
            continue
        path = f"{inside}.{name}" if inside else name
        if len(path) > LONGEST_NAME:
            raise BadEvent(node.at("name"), f"makes a path of more than {LONGEST_NAME} characters.")
        yield Field(path, node.text("type")[:200], inside.removesuffix("[]"))
        if "fields" in node.value:
            yield from _fields(node, path)


def _tags(facets: Node) -> tuple[Tag, ...] | None:
    facet = told(facets, "tags")
    if facet is None:
        return () if deleted(facets, "tags") else None
    return tuple(
        Tag(tag.name("key"), tag.text("value", most=LONGEST_NAME), tag.text("field", most=LONGEST_NAME))
        for tag in facet.nodes("tags", most=MOST_FIELDS)
    )


def _symlinks(facets: Node) -> tuple[Name, ...]:
    facet = told(facets, "symlinks")
    return tuple(name_of(one) for one in facet.nodes("identifiers", most=100)) if facet else ()


def _lifecycle(facets: Node) -> tuple[str, Name | None]:
    facet = told(facets, "lifecycleStateChange")
    if facet is None:
        return "", None
    change = facet.name("lifecycleStateChange")
    if change not in LIFECYCLES:
        raise BadEvent(facet.at("lifecycleStateChange"), f"must be one of {', '.join(sorted(LIFECYCLES))}.")
    previous = facet.node("previousIdentifier")
    return change, name_of(previous) if previous.value else None


def _kind(facets: Node) -> str:
    """What sort of thing it is, in the first words that the producer has for it."""
    said = (
        facets.node("datasetType").text("datasetType"),
        facets.node("storage").text("storageLayer"),
        facets.node("storage").text("fileFormat"),
    )
    return next((word.lower()[:20] for word in said if word), "")


def _check_ownership(facet: Node) -> None:
    for owner in facet.nodes("owners", most=MOST_FACETS):
        owner.name("name")


def _check_texts(*keys: str) -> Callable[[Node], None]:
    def check(facet: Node) -> None:
        for key in keys:
            facet.text(key)

    return check


_CHECKS = {
    "ownership": _check_ownership,
    "dataSource": _check_texts("name", "uri"),
    "storage": _check_texts("storageLayer", "fileFormat"),
    "catalog": _check_texts("framework", "type", "name", "metadataUri", "warehouseUri", "source"),
}
