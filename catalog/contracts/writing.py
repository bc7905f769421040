"""The tags of a contract written into a copy of a schema or file."""

from __future__ import annotations

from pathlib import Path

import orjson

from catalog.contracts import avro_tags, parquet_tags, protobuf_tags
from catalog.contracts.document import Document
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.reading import read_file, read_texts


def write_tags(source: Path, target: Path, document: Document) -> None:
    """Copy an Avro schema, .proto or Parquet file, with the document's tags on its fields.

    Beside a .proto file goes the declaration of the options. Raises ContractError for another kind of file, a field
    that is not there, or a target that is there already.
    """
    try:
        match source.suffix.lower():
            case ".parquet":
                parquet_tags.write(source, target, document)
            case ".avsc":
                _create(target, _avro(source, document))
            case ".proto":
                text = read_file(source).decode("utf-8-sig", errors="replace")
                _create(target, protobuf_tags.write(text, document).encode())
                _declare_options(target.parent)
            case _:
                raise ContractError(
                    Problem("Such a file takes no tags.", "Give .avsc, .proto or .parquet."),
                    name=str(source),
                )
    except FileExistsError as error:
        raise ContractError(
            Problem("It is there already.", "Name another file."), name=str(target)
        ) from error
    except OSError as error:
        raise ContractError(Problem(f"It cannot be written: {error.strerror}."), name=str(target)) from error


def _avro(source: Path, document: Document) -> bytes:
    schema = read_texts(read_file(source), name=str(source))[0].value
    if not avro_tags.is_record(schema):
        raise ContractError(Problem("This is not an Avro schema of a record.", "Give one."), name=str(source))
    return orjson.dumps(avro_tags.write(schema, document), option=orjson.OPT_INDENT_2) + b"\n"


def _declare_options(folder: Path) -> None:
    """Put the declaration of our options where the written file imports it from, unless it is there."""
    path = folder / protobuf_tags.IMPORT
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        _create(path, protobuf_tags.OPTIONS.encode())


def _create(target: Path, content: bytes) -> None:
    with target.open("xb") as file:
        file.write(content)
