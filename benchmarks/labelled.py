"""Labelled columns for the benchmarks of classification: how they are read, and when an answer to one is right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.classification.vocabulary import within

# Our categories as classes of the set, the first that fits. A whole address with its point is none of its classes.
CLASS_OF = (
    ("name", "PERSON_NAME"),
    ("contact.email", "EMAIL"),
    ("contact.phone", "PHONE"),
    ("contact.fax", "PHONE"),
    ("contact.address.street", "STREET_ADDRESS"),
    ("contact.address.postal_code", "POSTAL_CODE"),
    ("contact.address.city", "CITY"),
    ("contact.address.region", "REGION"),
    ("contact.address.country", "REGION"),
    ("location.coordinates", "GEO"),
    ("demographic.gender", "GENDER"),
    ("demographic.ethnicity", "RACE_ETHNICITY"),
    ("demographic.age", "AGE"),
    ("employment.occupation", "JOB_TITLE"),
    ("content.free_text", "FREE_TEXT"),
)
CLASSES = tuple(dict.fromkeys(name for _, name in CLASS_OF))
TARGETS = ("PERSON_NAME", "EMAIL", "PHONE", "STREET_ADDRESS")
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9)
_KINDS = {
    "Long": "integer",
    "Double": "float",
    "Boolean": "boolean",
    "LocalDate": "date",
    "LocalDateTime": "timestamp",
    "OffsetDateTime": "timestamp",
    "LocalTime": "time",
}
# The set calls these regions; we call them cities.
_TOWNS = ("STATE_PROVINCE.MUNICIPALITY", "STATE_PROVINCE.SUBURB", "STATE_PROVINCE.COUNTY")


@dataclass(frozen=True)
class Column:
    """One column of the set; `truth` is its class, `NONE` where nobody saw one."""

    file: str
    name: str
    kind: str
    region: str
    type: str
    truth: str
    values: tuple[str, ...]

    def arguments(self, *, shown: bool) -> dict:
        """What `classify` is called with; the language model stays out, the region is stated as an operator would."""
        return {
            "column": self.name if shown else "",
            "table": "",
            "kind": self.kind,
            "values": pa.array(self.values, pa.string()),
            "use_names": shown,
            "use_entities": False,
            "regions": (self.region,),
        }


def read(path: Path) -> list[Column]:
    """The columns of a Parquet file with `file`, `field_name`, `base_type`, `locale`, `values` and `pii_class`."""
    return [
        Column(
            file=row.get("file") or "",
            name=row["field_name"],
            kind=_KINDS.get(row["base_type"], "text"),
            region=row["locale"].rpartition("-")[2],
            type=row.get("semantic_type") or "",
            truth=row["pii_class"],
            values=tuple(row["values"]),
        )
        for row in pq.read_table(path).to_pylist()
    ]


def class_of(category: str) -> str:
    """The class of the set that a category of ours is; `NONE` for all others."""
    return next((name for key, name in CLASS_OF if within(category, key)), "NONE")


def is_right(column: Column, category: str) -> bool:
    """Whether the category is what the column is labelled with, where the words of both are not the same."""
    said = class_of(category)
    if said == "CITY" and column.truth == "REGION":
        return column.type.startswith(_TOWNS)
    if said == "PERSON_NAME" and column.truth == "NAME_PART":
        return category == "name.middle"  # an initial
    return said == column.truth
