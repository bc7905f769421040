"""Names of fields that are data themselves: `{"anna@example.org": "admin"}` has no column `anna@example.org`.

Where no schema names the fields, such names must not become columns of the catalog, which everybody may read. All
fields of one record that have them stand together in the column `*`, as a JSON object; it cannot be written into.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from catalog.connectors.base import ConstraintInTheWay

FOLDED = "*"
LONGEST = 60


@lru_cache(maxsize=10_000)
def is_data(name: str) -> bool:
    """Whether no programmer would call a field so: an address, a number, a whole sentence."""
    return len(name) > LONGEST or "@" in name or name.isdecimal() or "\0" in name


def fold(values: Mapping[str, Any], *, declared: Collection[str] = ()) -> Mapping[str, Any]:
    """`values` by column: those whose names are data, and not `declared`, as one object under `FOLDED`."""
    odd = [name for name in values if (name == FOLDED or is_data(name)) and name not in declared]
    if not odd:
        return values
    kept = {name: value for name, value in values.items() if name not in odd}
    return kept | {FOLDED: {name: values[name] for name in odd}}


def unfold(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `fold` was given, but for the order."""
    inside = values.get(FOLDED)
    return {name: value for name, value in values.items() if name != FOLDED} | (
        inside if isinstance(inside, dict) else {}
    )


def require_named(names: Collection[str], *, data_set: str) -> None:
    """ConstraintInTheWay where a replacement is to be written into the fields without names of their own."""
    if FOLDED in names:
        raise ConstraintInTheWay(
            f"{data_set}.{FOLDED} stands for fields whose names are data: nothing can be written into it.",
            "Delete the rows.",
        )
