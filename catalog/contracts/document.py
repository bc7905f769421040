"""Our form of a contract: one data set, what it is for, how long it is kept, and what each column holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import orjson

from catalog.classification.vocabulary import CATEGORIES, Sensitivity

API_VERSION = "privacy-console/v1"
SCHEMAS = Path(__file__).with_name("schemas")
SCHEMA: dict[str, Any] = orjson.loads((SCHEMAS / "contract-v1.schema.json").read_bytes())
PROTECTING = ("drop", "redact", "mask", "hash", "tokenize", "encrypt", "generalize", "perturb")
KEEP = "keep"  # a technique of masking that says: as it is, on purpose
TECHNIQUES = (*PROTECTING, KEEP)
TECHNIQUE = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_DAYS = 73_000


@dataclass(frozen=True)
class Field:
    """One column. `name` is its path: `address.city` within a record, `lines[].sku` within each item of a list."""

    name: str
    type: str = ""
    nullable: bool = True
    unique: bool = False
    category: str = ""
    sensitivity: str = ""
    description: str = ""
    retention_days: int | None = None
    # Of each use one of TECHNIQUES, or {technique, parameters} with one that a runner knows: see `word_of`.
    masking: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    @property
    def level(self) -> Sensitivity | None:
        """What is declared, by itself or through the category; None where the contract says nothing."""
        if self.sensitivity:
            return Sensitivity(self.sensitivity)
        return CATEGORIES[self.category].sensitivity if self.category else None

    @property
    def category_title(self) -> str:
        return CATEGORIES[self.category].title if self.category else ""

    @property
    def shown_masking(self) -> dict[str, str]:
        return {use: shown_masking(how) for use, how in self.masking.items()}

    @property
    def personal(self) -> bool:
        """Whether it is declared to be personal data."""
        return self.level not in (None, Sensitivity.NONE)


@dataclass(frozen=True)
class Document:
    """One version of a contract. `odcs` keeps what an imported ODCS contract says beyond our form."""

    version: str
    name: str
    system: str = ""
    owner: str = ""
    description: str = ""
    purposes: tuple[str, ...] = ()
    lawful_basis: str = ""
    allowed_uses: tuple[str, ...] = ()
    forbidden_uses: tuple[str, ...] = ()
    retention_days: int | None = None
    tags: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    odcs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def data_set(self) -> str:
        return f"{self.system} / {self.name}" if self.system else self.name

    @property
    def personal(self) -> list[Field]:
        return [item for item in self.fields if item.personal]

    def retention_of(self, item: Field) -> int | None:
        """How long the column is kept: its own period, or the data set's."""
        return item.retention_days if item.retention_days is not None else self.retention_days


def word_of(how: Any) -> str:
    """The technique that a masking says, with or without parameters; empty where it says none."""
    word = how.get("technique") if isinstance(how, Mapping) else how
    return word if isinstance(word, str) else ""


def is_masking(how: Any) -> bool:
    """Whether it has the form of one: what its parameters mean is for whoever applies it."""
    if isinstance(how, Mapping):
        named = bool(TECHNIQUE.fullmatch(word_of(how))) and set(how) <= {"technique", "parameters"}
        return named and isinstance(how.get("parameters", {}), Mapping)
    return how in TECHNIQUES


def shown_masking(how: Any) -> str:
    """For people: the technique, and what it is given."""
    parameters = how.get("parameters") if isinstance(how, Mapping) else None
    return f"{word_of(how)} {orjson.dumps(dict(parameters)).decode()}" if parameters else word_of(how)


def root_of(name: str) -> str:
    """The column that a path lies in: `lines` of `lines[].sku`; of a column, itself."""
    return name.split(".")[0].split("[]")[0]


def from_plain(value: Mapping[str, Any]) -> Document:
    """The document of a value that the schema has found valid."""
    data_set = value["dataset"]
    given = {
        key: part for key, part in value.items() if key not in ("apiVersion", "kind", "dataset", "fields")
    }
    columns = tuple(Field(**_frozen(part)) for part in value.get("fields") or ())
    return Document(
        **_frozen(given), name=data_set["name"], system=data_set.get("system", ""), fields=columns
    )


def to_plain(document: Document) -> dict[str, Any]:
    """The document as it is written: what is empty is left out, the order is the one people read in."""
    given = _given(document)
    data_set = {"system": document.system} if document.system else {}
    plain: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "version": document.version,
        "dataset": {**data_set, "name": document.name},
    }
    plain |= {
        key: value
        for key, value in given.items()
        if key not in ("version", "name", "system", "fields", "odcs")
    }
    plain["fields"] = [_given(item) for item in document.fields]
    return plain | ({"odcs": given["odcs"]} if document.odcs else {})


def _given(thing: Document | Field) -> dict[str, Any]:
    found = {}
    for item in fields(thing):
        value = getattr(thing, item.name)
        default = item.default if item.default_factory is MISSING else item.default_factory()
        if value != default:
            found[item.name] = list(value) if isinstance(value, tuple) else value
    return found


def _frozen(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(part) if isinstance(part, list) else part
        for key, part in value.items()
        if part is not None
    }
