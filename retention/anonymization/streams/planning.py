"""A stream thought through before it begins: its columns and rules, by the contract of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.contracts.document import Document, Field, root_of
from retention.anonymization import secrets_for
from retention.anonymization.advising import Described
from retention.anonymization.resolving import resolve
from retention.anonymization.rules import Rule
from retention.anonymization.streams.decoding import Decode
from retention.anonymization.streams.spec import DEAD, StreamSpec, arrow_type
from retention.anonymization.streams.transforming import Transformer
from retention.anonymization.techniques.base import TechniqueError


@dataclass(frozen=True)
class Names:
    """What the stream and its topics are called; without them, after the output and the source."""

    source: str
    output: str
    dead: str = ""
    stream: str = ""


def transformer(
    names: Names,
    document: Document | None,
    *,
    use: str,
    decode: Decode,
    given: Mapping[str, Rule] | None = None,
    person: str = "",
    key: str = "",
    unknown: str = DEAD,
) -> Transformer:
    """The rules of a stream made ready, with the keys in force now. Raises TechniqueError for what is undecided."""
    if document is None:
        raise TechniqueError(
            f"No contract says what the messages of {names.source} hold.", "Give one with --contract."
        )
    fields = {root_of(item.name): item for item in document.fields if root_of(item.name) != item.name}
    fields |= {item.name: item for item in document.fields if root_of(item.name) == item.name}
    columns = {name: item.type if item.name == name else "object" for name, item in fields.items()}
    described = [_described(name, item, columns[name]) for name, item in fields.items()]
    resolution = resolve(described, use=use, document=document, given=given, person=person)
    resolution.require_complete()
    spec = StreamSpec(
        name=names.stream or f"anonymize-{names.output}",
        source=names.source,
        output=names.output,
        dead=names.dead or f"{names.source}.dead",
        columns=columns,
        rules=resolution.rules,
        key=key,
        unknown=unknown,
    )
    category = resolution.person_category
    keys = secrets_for.opened(secrets_for.pin(spec.rules, category=category))
    return Transformer(spec, keys, secrets_for.tokens(category=category), decode)


def _described(name: str, item: Field, spelling: str) -> Described:
    if item.name != name or not (item.category or item.sensitivity):
        return Described(name, arrow_type(spelling), masking=dict(item.masking) if item.name == name else {})
    level = str(item.level) if item.level else ""
    return Described(
        name, arrow_type(spelling), item.category, level, known_by="contract", masking=dict(item.masking)
    )
