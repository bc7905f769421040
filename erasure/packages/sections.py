"""One data set in a package: what is said of it, and its rows, spooled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.models import Column
from erasure.answers.models import Selection
from erasure.finding import Estate
from erasure.keysets import KeySet
from erasure.models import Hit
from erasure.packages.others import Own
from erasure.packages.reading import rows_of
from erasure.packages.redacting import Redaction
from erasure.packages.spooling import Spool

NOT_CLASSIFIED = "not classified"


@dataclass
class Section:
    hit: Hit
    columns: list[Column]
    about: dict[str, Any]
    selection: Selection
    spool: Spool = field(default_factory=Spool)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def categories(self) -> dict[str, str]:
        return {column.name: column.get_category_display() or NOT_CLASSIFIED for column in self.columns}

    def header(self) -> dict[str, Any]:
        """All but the rows."""
        return {
            "system": self.hit.data_set.system.name,
            "data_set": self.hit.data_set.name,
            **self.about,
            "found_by": self.hit.routes,
            "columns": self.categories,
            "withheld": self.selection.withheld,
            "rows_left_out": len(self.selection.left_out),
        }


def in_all(hit: Hit) -> int:
    """The person's rows, those that are others' too, and those of others that are shown to them."""
    return hit.rows + hit.shared + hit.accessed


def fill(section: Section, estate: Estate, keys: Mapping[int, KeySet], own: Own) -> None:
    """Read the rows into the section's spool, without what is withheld. Raises ConnectorError."""
    data_set = section.hit.data_set
    connector = estate.connections.to(data_set.system)
    redaction = Redaction(section.selection, section.columns, own)
    rows = rows_of(connector, data_set, keys[data_set.pk].all, section.names, expected=in_all(section.hit))
    for table in rows:
        section.spool.add(redaction.apply(table))
