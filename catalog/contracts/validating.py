"""Whether a text has the form that a JSON schema asks for; each error with its line and what helps."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

import orjson
from jsonschema import Draft201909Validator, Draft202012Validator, ValidationError

from catalog.contracts.document import SCHEMA, SCHEMAS
from catalog.contracts.problems import ContractError, Path, Problem, spelled
from catalog.contracts.reading import Text

MOST_PROBLEMS = 50
_SHOWN = 12
_KINDS = {
    "string": "text: put it in quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}


def require_contract(text: Text, *, name: str = "") -> None:
    """ContractError says all that keeps the text from being a contract of our own form."""
    _require(text, _own(), name=name)


def require_odcs(text: Text, *, name: str = "") -> None:
    """ContractError says all that keeps the text from being a valid ODCS 3.1 contract."""
    _require(text, _odcs(), name=name)


@cache
def _own() -> Draft202012Validator:
    return Draft202012Validator(SCHEMA)


@cache
def _odcs() -> Draft201909Validator:
    return Draft201909Validator(orjson.loads((SCHEMAS / "odcs-v3.1.0.schema.json").read_bytes()))


def _require(text: Text, validator: Any, *, name: str) -> None:
    found = islice(validator.iter_errors(text.value), MOST_PROBLEMS)
    problems = list(dict.fromkeys(problem for error in found for problem in _problems(error, text)))
    if problems:
        raise ContractError(*sorted(problems, key=lambda problem: problem.line or 0), name=name)


def _problems(error: ValidationError, text: Text) -> Iterator[Problem]:
    path: Path = tuple(error.absolute_path)
    if error.validator in ("additionalProperties", "unevaluatedProperties") and isinstance(
        error.instance, dict
    ):
        known = _known_keys(error)
        unknown = [key for key in error.instance if key not in known]
        for key in unknown:
            yield _at((*path, key), text, f"“{key[:60]}” is not known here.", _closest(key, known))
        if unknown:
            return
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        yield _at(path, text, f"{', '.join(missing)} is missing.", "Add it.")
    else:
        yield _at(path, text, *_words(error))


def _known_keys(error: ValidationError) -> list[str]:
    """The members that this schema and those it is composed of name."""
    schema: Any = error.schema
    root: Any = _odcs().schema if "$ref" in orjson.dumps(schema).decode() else schema
    return sorted(_members(schema, root, 0))


def _members(schema: Any, root: Any, depth: int) -> set[str]:
    if depth > 6 or not isinstance(schema, dict):
        return set()
    found = set(schema.get("properties", ()))
    parts = [*schema.get("allOf", ())]
    reference = schema.get("$ref", "")
    if reference.startswith("#/$defs/"):
        parts.append(root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {}))
    return found.union(*(_members(part, root, depth + 1) for part in parts))


def _closest(key: str, known: Sequence[str]) -> str:
    folded = {name.casefold().replace("_", ""): name for name in known}
    near = difflib.get_close_matches(key.casefold().replace("_", ""), folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {folded[near[0]]}?"
    return f"Known are: {', '.join(known[:_SHOWN])}{' …' if len(known) > _SHOWN else ''}."


def _words(error: ValidationError) -> tuple[str, str]:
    value = error.validator_value
    match error.validator:
        case "type":
            kinds = [value] if isinstance(value, str) else list(value)
            return (
                "It has the wrong type.",
                f"Write {' or '.join(_KINDS[kind] for kind in kinds if kind in _KINDS)}.",
            )
        case "enum":
            given = str(error.instance)
            options = [str(option) for option in value]
            return f"“{given[:60]}” is none of the known values.", _closest(given, options)
        case "const":
            return f"“{str(error.instance)[:60]}” is not known.", f"Write {value}."
        case "oneOf" | "anyOf" | "allOf":
            return "It has none of the forms allowed here.", "See the schema of the format."
    return f"{error.message[:300]}.", ""


def _at(path: Path, text: Text, message: str, remedy: str) -> Problem:
    return Problem(message, remedy, spelled(path), text.line_of(path))
