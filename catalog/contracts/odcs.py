"""The Open Data Contract Standard 3: contracts in and out, and nothing lost on the way.

One ODCS contract holds many schema objects; each becomes a document of ours. What it says beyond our form is kept
in the document's `odcs`, and an export starts from that and sets only what differs (a lens: what went in unchanged
comes out unchanged). What ODCS has no word for travels as custom properties: purposes, lawfulBasis, allowedUses,
forbiddenUses, category, sensitivity, masking, retentionDays.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from catalog.contracts import odcs_fields
from catalog.contracts.document import Document
from catalog.contracts.odcs_custom import custom, set_custom, set_or_drop
from catalog.contracts.odcs_terms import get_owner, get_retention, put_owner, put_retention
from catalog.contracts.problems import ContractError, Problem

API_VERSION = "v3.1.0"
KIND = "DataContract"
NONE = 0  # days: the object says that it has no retention, whatever the contract as a whole says
Plain = dict[str, Any]
# Ours, and the custom property that says it, on the contract or on one schema object.
_TERMS = {
    "purposes": "purposes",
    "lawful_basis": "lawfulBasis",
    "allowed_uses": "allowedUses",
    "forbidden_uses": "forbiddenUses",
    "system": "system",
}


def is_odcs(value: Any) -> bool:
    """Whether it says of itself that it is of ODCS: our own form has another apiVersion."""
    return isinstance(value, Mapping) and str(value.get("apiVersion", "")).startswith(("v3.", "v2.2"))


def from_odcs(contract: Mapping[str, Any]) -> list[Document]:
    """The documents of a contract that the schema of ODCS has found valid: one for each schema object.

    One without schema objects gives a single document without fields. Raises ContractError for a version before 3.
    """
    if not str(contract["apiVersion"]).startswith("v3."):
        raise ContractError(Problem(f"ODCS {contract['apiVersion']} is too old.", "Convert it to version 3."))
    top = {key: value for key, value in contract.items() if key != "schema"}
    objects = contract.get("schema")
    if not objects:
        name = str(contract.get("name") or contract["id"])
        kept: Plain = {"contract": top} | ({} if objects is None else {"schema": []})
        return [replace(_get(top, {}, name=name), odcs=kept)]
    return [_document(top, part) for part in objects]


def to_odcs(documents: Sequence[Document], *, status: str = "") -> Plain:
    """One ODCS contract of the documents, whose schema objects they become in this order.

    `status` is said where the contract did not come with one. What concerns the whole (version, owner) is the
    first document's.
    """
    first = documents[0]
    kept: Plain = deepcopy(first.odcs.get("contract", {}))
    empty = len(documents) == 1 and "object" not in first.odcs and not first.fields
    was = _get(kept, {}, name=first.name) if kept else Document("", first.name)
    contract: Plain = kept or {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"contract:{first.data_set}")),
        "name": first.name,
        "status": status or "draft",
    }
    contract["version"] = first.version
    _put_terms(contract, first, was)
    put_owner(contract, first.owner, was=was.owner)
    alone = len(documents) == 1 and first.retention_days is not None
    if alone and first.retention_days != _retention(contract, first.odcs.get("object", {}), first):
        put_retention(contract, first.retention_days)
    if empty and "contract" in first.odcs:
        return contract | ({"schema": []} if "schema" in first.odcs else {})
    contract["schema"] = [_object(contract, document) for document in documents]
    return contract


def _document(top: Plain, part: Mapping[str, Any]) -> Document:
    own = {key: value for key, value in part.items() if key != "properties"}
    name = str(part.get("physicalName") or part["name"])
    document = _get(top, own, name=name)
    fields, kept = odcs_fields.read(part.get("properties") or [])
    extension: Plain = {"contract": top, "object": own, "fields": kept}
    if "properties" in part and not part["properties"]:
        extension["properties"] = []
    document = replace(document, fields=tuple(fields), odcs=extension)
    return replace(document, retention_days=_retention(top, own, document))


def _retention(top: Mapping[str, Any], own: Mapping[str, Any], document: Document) -> int | None:
    """What the object says itself, or the service level agreement of the whole says for it."""
    if (said := custom(own)).get("retentionDays") == NONE:
        return None
    if days := odcs_fields.days_of(said):
        return days
    columns = {item.name for item in document.fields}
    columns |= {str(place.get("name")) for place in document.odcs.get("fields", {}).values()}
    return get_retention(top, tables={str(own.get("name")), document.name}, columns=columns)


def _get(top: Mapping[str, Any], own: Mapping[str, Any], *, name: str) -> Document:
    """What the contract and one schema object say of our terms; the object's own word comes first."""
    said = custom(top) | custom(own)
    description = top.get("description") or {}
    purpose = [description["purpose"]] if description.get("purpose") else []
    servers = [server["server"] for server in top.get("servers") or ()]
    return Document(
        version=str(top.get("version", "")),
        name=name,
        system=str(said.get("system") or (servers[0] if len(servers) == 1 else "")),
        owner=get_owner(top),
        description=str(own.get("description") or ""),
        purposes=_texts(said.get("purposes", purpose)),
        lawful_basis=str(said.get("lawfulBasis") or ""),
        allowed_uses=_texts(said.get("allowedUses", [])),
        forbidden_uses=_texts(said.get("forbiddenUses", [])),
        retention_days=get_retention(top),
        tags=tuple(own.get("tags") or ()),
    )


def _object(contract: Plain, document: Document) -> Plain:
    """The schema object of one document, of which only says what the contract as a whole does not."""
    part: Plain = deepcopy(document.odcs.get("object", {}))
    if not part:
        part = {"name": document.name.rpartition(".")[2] or document.name, "physicalName": document.name}
    elif str(part.get("physicalName") or part["name"]) != document.name:
        part["physicalName"] = document.name
    was = _get(contract, part, name=document.name)
    _put_terms(part, document, was)
    set_or_drop(part, "description", document.description, was=was.description)
    set_or_drop(part, "tags", list(document.tags), was=list(was.tags))
    properties = odcs_fields.write(document.fields, document.odcs.get("fields", {}))
    if document.retention_days != _retention(contract, part, document):
        set_custom(part, "retentionDays", document.retention_days or NONE)
    if properties or "properties" in document.odcs:
        part["properties"] = properties
    return part


def _put_terms(place: Plain, document: Document, was: Document) -> None:
    for name, key in _TERMS.items():
        value = getattr(document, name)
        if value != getattr(was, name):
            set_custom(place, key, list(value) if isinstance(value, tuple) else value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value else ()
