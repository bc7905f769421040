"""Protobuf: custom options of fields in the text of a .proto file, read as tags and written as such.

A text that uses ours needs their declaration: `import "privacy/options.proto"`, which `OPTIONS` holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from antlr4.error.ErrorListener import ErrorListener
from proto_schema_parser import ast
from proto_schema_parser.generator import Generator
from proto_schema_parser.parser import Parser

from catalog.contracts.document import Document, Field
from catalog.contracts.problems import ContractError, Problem, bounded, require_shallow
from catalog.contracts.tags import KNOWN, attributes_of, tagged

IMPORT = "privacy/options.proto"
OPTIONS = """syntax = "proto3";
package privacy;
import "google/protobuf/descriptor.proto";

extend google.protobuf.FieldOptions {
  string category = 50701;
  string sensitivity = 50702;
  string masking = 50703;
  int32 retention_days = 50704;
}
"""
MOST_CHARACTERS = 400_000
_ESCAPED = re.compile(r"""\\([\\"'])""")  # the parser leaves escapes as they are written
MOST_NESTING = 40  # of braces and brackets: the parser recurses
Place = ast.Field | ast.MapField


def document_of(text: str, *, message: str = "", system: str = "") -> Document:
    """The contract that the options of a message amount to; the first message unless one is named.

    Raises ContractError where the text is not Protobuf or has no such message.
    """
    file = _parsed(text)
    package = next((item.name for item in file.file_elements if isinstance(item, ast.Package)), "")
    chosen = _chosen(file, message)
    full = f"{package}.{chosen.name}" if package else chosen.name
    return Document(
        "0.1.0",
        full,
        system=system,
        fields=tuple(field for field, _ in bounded(_fields(file, chosen, "", ()))),
    )


def write(text: str, document: Document, *, message: str = "") -> str:
    """The text with the document's tags as options; comments and all other options stay.

    Raises ContractError naming a field that the message has not.
    """
    file = _parsed(text)
    chosen = _chosen(file, message or document.name.rpartition(".")[2])
    declared = {item.name: item for item in document.fields}
    places = {field.name: place for field, place in bounded(_fields(file, chosen, "", (), tags=False))}
    missing = [name for name in declared if name not in places]
    if missing:
        raise ContractError(
            *(
                Problem(f"Message {chosen.name} has no such field.", "Correct the contract.", name)
                for name in missing
            )
        )
    for name, place in places.items():
        ours = [f"({key})" for key in KNOWN if key.startswith("privacy.")]
        place.options = [option for option in place.options if option.name not in ours]
        said = attributes_of(declared[name]) if name in declared else {}
        place.options += [ast.Option(f"({key})", value) for key, value in said.items()]
    if not any(isinstance(item, ast.Import) and item.name == IMPORT for item in file.file_elements):
        heads = [
            at for at, item in enumerate(file.file_elements, 1) if isinstance(item, ast.Package | ast.Import)
        ]
        file.file_elements.insert(max(heads, default=0), ast.Import(IMPORT))
    return Generator().generate(file) + "\n"


def _parsed(text: str) -> ast.File:
    if len(text) > MOST_CHARACTERS or _nesting(text) > MOST_NESTING:
        raise ContractError(Problem("This .proto file is too large or nested too deeply.", "Split it."))
    return Parser(setup_lexer=_strict, setup_parser=_strict).parse(text)


class _Refusing(ErrorListener):
    """The parser itself only prints what is wrong, and goes on."""

    def syntaxError(
        self, recognizer: Any, symbol: Any, line: int, column: int, said: str, error: Any
    ) -> None:
        words = said.partition(" expecting ")[0][:200]
        raise ContractError(Problem(f"This is not Protobuf: {words}.", "Correct it.", line=line))


def _strict(recognizer: Any) -> None:
    recognizer.removeErrorListeners()
    recognizer.addErrorListener(_Refusing())


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character in "{[(<") - (character in "}])>")
        deepest = max(deepest, depth)
    return deepest


def _chosen(file: ast.File, name: str) -> ast.Message:
    messages = [item for item in file.file_elements if isinstance(item, ast.Message)]
    found = [item for item in messages if not name or item.name == name]
    if not found:
        known = ", ".join(item.name for item in messages) or "none"
        raise ContractError(
            Problem(f"There is no message {name or 'in it'}; it has: {known}.", "Name one of them.")
        )
    return found[0]


def _fields(
    file: ast.File, message: Any, above: str, within: tuple[str, ...], *, tags: bool = True
) -> Iterator[tuple[Field, Place]]:
    require_shallow(within)
    inner = {item.name: item for item in file.file_elements if isinstance(item, ast.Message)}
    inner |= {item.name: item for item in message.elements if isinstance(item, ast.Message)}
    for place in _places(message):
        field = _field(place, above)
        yield (tagged(field, _attributes(place)) if tags else field), place
        kind = getattr(place, "type", "").rpartition(".")[2]
        if kind in inner and kind not in (*within, message.name):
            path = f"{field.name}[]." if field.type.startswith("repeated ") else f"{field.name}."
            yield from _fields(file, inner[kind], path, (*within, message.name), tags=tags)


def _places(message: Any) -> Iterator[Place]:
    for item in message.elements:
        if isinstance(item, ast.OneOf):
            yield from (part for part in item.elements if isinstance(part, ast.Field))
        elif isinstance(item, ast.Field | ast.MapField):
            yield item


def _field(place: Place, above: str) -> Field:
    if isinstance(place, ast.MapField):
        return Field(f"{above}{place.name}", f"map<{place.key_type}, {place.value_type}>")
    repeated = place.cardinality is ast.FieldCardinality.REPEATED
    required = place.cardinality is ast.FieldCardinality.REQUIRED
    return Field(
        f"{above}{place.name}", f"repeated {place.type}" if repeated else place.type, nullable=not required
    )


def _attributes(place: Place) -> dict[str, Any]:
    """Its options under their whole names and their last words: `acme.category` is also `category`.

    A member, `(acme.masking).analytics` or within braces, becomes part of a mapping.
    """
    found: dict[str, Any] = {}
    for option in place.options:
        name, _, member = option.name.lstrip("(").partition(")")
        if isinstance(option.value, ast.MessageLiteral):
            parts = [part for part in option.value.elements if isinstance(part, ast.MessageLiteralField)]
            for part in parts:
                _put(found, f"{name}.{part.name}", part.value)
            found[name.rpartition(".")[2]] = {part.name: _word(part.value) for part in parts}
        elif member:
            found.setdefault(name.rpartition(".")[2], {})[member.lstrip(".")] = _word(option.value)
        else:
            _put(found, name, option.value)
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    found[name] = word = _word(value)
    found.setdefault(name.rpartition(".")[2], word)


def _word(value: Any) -> str:
    """A string as it is meant; the name of an enumeration's member, and true or false, in small letters."""
    if isinstance(value, str):
        return _ESCAPED.sub(r"\1", value)
    return str(getattr(value, "name", value)).casefold()
