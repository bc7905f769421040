"""Documents of a search index changed: each by its own version, since an index knows no transactions.

A document is deleted or updated only as it was when it was found (`if_seq_no`, `if_primary_term`); one that changed
meanwhile is looked for again. What a request did before another failed stays done, and doing it again changes nothing.
Source: OpenSearch and Elasticsearch, Bulk API and Optimistic concurrency control.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from catalog.connectors.base import ColumnInfo, ConnectorError, ConstraintInTheWay, Kind, Replacement
from catalog.connectors.matching import as_text
from catalog.connectors.replacing import new_values
from catalog.connectors.search_client import SearchClient
from catalog.connectors.search_values import ARROW

AT_ONCE = 500
ATTEMPTS = 5
CONFLICT, GONE = 409, 404

Hit = Mapping[str, Any]
Lines = list[Mapping[str, Any]]


def removal(hit: Hit) -> Lines:
    """What deletes the document, if it still is what was found."""
    return [{"delete": _address(hit)}]


def rewriting(hit: Hit, columns: Mapping[str, ColumnInfo], replacements: Mapping[str, Replacement]) -> Lines:
    """What writes `replacements` into the document. ConstraintInTheWay where its mapping cannot take them."""
    return [{"update": _address(hit)}, {"doc": written(hit["_index"], columns, replacements)}]


def written(
    index: str, columns: Mapping[str, ColumnInfo], replacements: Mapping[str, Replacement]
) -> dict[str, Any]:
    """The replacements as they stand in a document: none that the mapping would refuse, or guess the meaning of."""
    return {name: _value(index, columns[name], each) for name, each in replacements.items()}


def apply(
    client: SearchClient,
    index: str,
    find: Callable[[], Iterator[Hit]],
    lines: Callable[[Hit], Lines],
) -> int:
    """Do `lines` for each document that `find` brings, durably and visible to the next search; how many."""
    done: set[str] = set()
    for _ in range(ATTEMPTS):
        hits, conflicts = (hit for hit in find() if hit["_id"] not in done), False
        while some := list(islice(hits, AT_ONCE)):
            answer = client.bulk([line for hit in some for line in lines(hit)], index=index)
            for hit, item in zip(some, answer["items"], strict=True):
                ((_, outcome),) = item.items()
                if outcome["status"] == CONFLICT:
                    conflicts = True
                elif outcome["status"] < 300 or outcome["status"] == GONE:
                    done.add(hit["_id"])
                else:
                    raise _refused(index, outcome)
        if not conflicts:
            return len(done)
    raise ConstraintInTheWay(
        f"Somebody else kept changing the same documents of {index}.", "Try again at a quieter time."
    )


def require_writable_index(client: SearchClient, index: str, *, updates: bool) -> None:
    """AccessDenied or ConstraintInTheWay where a change would be refused; asked with a query that means nothing."""
    settings = client.ask("GET", "_settings?flat_settings=true", index=index)[index]["settings"]
    for name in ("write", "read_only", "read_only_allow_delete"):
        if str(settings.get(f"index.blocks.{name}", "false")).lower() == "true":
            raise ConstraintInTheWay(
                f"The index {index} takes no writes (index.blocks.{name}).",
                "Lift the block, or have the index rewritten by its owner.",
            )
    nothing: Mapping[str, Any] = {"query": {"match_none": {}}}
    client.ask("POST", "_delete_by_query", nothing, index=index)
    if updates:
        client.ask("POST", "_update_by_query", nothing, index=index)


def _address(hit: Hit) -> dict[str, Any]:
    found = {"_index": hit["_index"], "_id": hit["_id"]}
    found |= {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
    return found | ({"routing": hit["_routing"]} if "_routing" in hit else {})


def _value(index: str, column: ColumnInfo, replacement: Replacement) -> Any:
    if replacement.value is None:
        return None
    if column.kind in (Kind.JSON, Kind.UNKNOWN) or column.data_type in ("ip", "binary", "constant_keyword"):
        raise ConstraintInTheWay(
            f"{index}.{column.name} is of the type {column.data_type}: no neutral value is known for it.",
            "Choose null, or delete the documents.",
        )
    if column.kind is Kind.TIMESTAMP and (replacement.unique or not hasattr(replacement.value, "isoformat")):
        raise ConstraintInTheWay(
            f"The replacement of {index}.{column.name} is no date.", "Choose null, or delete the documents."
        )
    if column.kind is Kind.TEXT and not isinstance(replacement.value, str):
        replacement = Replacement(as_text(pa.array([replacement.value]))[0].as_py(), replacement.unique)
    if column.kind is Kind.TIMESTAMP:
        return replacement.value.isoformat()
    kind = ARROW.get(column.kind, pa.string())
    return new_values(pa.field(column.name, kind), replacement, 1, file=index)[0].as_py()


def _refused(index: str, outcome: Mapping[str, Any]) -> ConnectorError:
    said = outcome.get("error", {})
    kind = str(said.get("type", ""))[:80] if isinstance(said, dict) else ""
    return ConnectorError(
        f"The index {index} refused a change with status {outcome['status']}{f' ({kind})' if kind else ''}.",
        "See the log of the server; what it had done before stays done.",
    )


def names(matches: Sequence[Any], *more: str) -> list[str]:
    """The columns that are compared, and more of them, each once."""
    return list(dict.fromkeys([*(name for match in matches for name in match.columns), *more]))
