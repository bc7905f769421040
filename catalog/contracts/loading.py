"""A contract out of a file, in whatever form it comes: ours, ODCS, or the tags of a schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from catalog.contracts import avro_tags, dbt_tags, odcs_fields, parquet_tags, protobuf_tags
from catalog.contracts.document import Document, from_plain
from catalog.contracts.odcs import from_odcs, is_odcs
from catalog.contracts.problems import ContractError, Path, Problem
from catalog.contracts.reading import Text, read_file, read_texts
from catalog.contracts.validating import require_contract, require_odcs

FORMATS = ("yaml", "odcs", "avro", "protobuf", "parquet", "dbt")


@dataclass(frozen=True)
class Loaded:
    """A document, the format it came in, and the lines its fields stand at."""

    document: Document
    format: str
    lines: Mapping[tuple[str, str], int] = field(
        default_factory=dict
    )  # of field and attribute; "" is the whole

    def line_of(self, field: str, attribute: str = "") -> int | None:
        """The line of an attribute of a field, else of the field, else of the document."""
        places = ((field, attribute), (field, ""), ("", attribute), ("", ""))
        return next((self.lines[place] for place in places if place in self.lines), None)


def load_file(path: FilePath, *, system: str = "", message: str = "") -> list[Loaded]:
    """The contracts in a file; `system` is for those that name none, `message` chooses one of a .proto file.

    Raises ContractError, which says all that is wrong and where.
    """
    if path.suffix.lower() == ".parquet":
        if not path.is_file():
            raise ContractError(Problem("There is no such file.", "Check the path."), name=str(path))
        document = parquet_tags.document_of(parquet_tags.schema_of(path), name=path.stem, system=system)
        return [Loaded(document, "parquet")]
    return load(read_file(path), name=str(path), system=system, message=message)


def load(data: bytes, *, name: str, system: str = "", message: str = "") -> list[Loaded]:
    """The contracts in a text that came as the file `name`. Raises ContractError."""
    try:
        if name.lower().endswith(".proto"):
            text = data.decode("utf-8-sig", errors="replace")
            return [Loaded(protobuf_tags.document_of(text, message=message, system=system), "protobuf")]
        texts = read_texts(data)
        found = [loaded for text in texts for loaded in _load(text, system=system)]
    except ContractError as error:
        raise ContractError(*error.problems, name=error.name or name) from error
    if not found:
        raise ContractError(Problem("There is no contract in it.", "Give a contract or a schema."), name=name)
    return found


def _load(text: Text, *, system: str) -> Iterable[Loaded]:
    value = text.value
    if is_odcs(value):
        require_odcs(text)
        return [_with_system(loaded, system) for loaded in _load_odcs(text)]
    if avro_tags.is_record(value):
        return [Loaded(avro_tags.document_of(value, system=system), "avro")]
    if dbt_tags.is_dbt(value):
        return [Loaded(document, "dbt") for document in dbt_tags.documents_of(value, system=system)]
    require_contract(text)
    document = from_plain(value)
    _require_once(document, text)
    paths = {item.name: ("fields", number) for number, item in enumerate(document.fields)}
    return [_with_system(Loaded(document, "yaml", _lines(text, (), paths)), system)]


def _load_odcs(text: Text) -> Iterable[Loaded]:
    objects = text.value.get("schema") or [{}]
    for number, (document, part) in enumerate(zip(from_odcs(text.value), objects, strict=True)):
        at: Path = ("schema", number) if part else ()
        inside = odcs_fields.paths(part.get("properties") or []) if part else {}
        yield Loaded(
            document, "odcs", _lines(text, at, {key: (*at, "properties", *p) for key, p in inside.items()})
        )


def _lines(text: Text, top: Path, paths: Mapping[str, Path]) -> dict[tuple[str, str], int]:
    """The lines of the document and its fields, and of each of their attributes."""
    wanted: dict[Path, str] = {path: name for name, path in paths.items()} | {top: "", (): ""}
    found: dict[tuple[str, str], int] = {}
    for path, line in text.lines.items():
        if path in wanted:
            found.setdefault((wanted[path], ""), line)
        elif path and path[:-1] in wanted:
            found.setdefault((wanted[path[:-1]], str(path[-1])), line)
    return found


def _with_system(loaded: Loaded, system: str) -> Loaded:
    if not system or loaded.document.system:
        return loaded
    return replace(loaded, document=replace(loaded.document, system=system))


def _require_once(document: Document, text: Text) -> None:
    seen: set[str] = set()
    for number, item in enumerate(document.fields):
        if item.name in seen:
            line = text.line_of(("fields", number))
            raise ContractError(
                Problem(f"Field {item.name} stands here twice.", "Keep one.", item.name, line)
            )
        seen.add(item.name)
