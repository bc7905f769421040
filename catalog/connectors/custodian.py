"""Any service that speaks the custodian protocol: a small HTTP API by which a team joins its own store.

The protocol, its OpenAPI file and an example server are in docs/custodian-protocol.md.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from django import forms

from catalog.connectors.base import (
    ColumnInfo,
    Connector,
    DataSetInfo,
    DataSetMissing,
    ForeignKeyInfo,
    Kind,
    Malformed,
    Match,
    Operation,
    Replacement,
)
from catalog.connectors.custodian_client import CustodianClient
from catalog.connectors.custodian_values import batch_of, match_as_json, plain, schema_of

SAMPLED_CHARACTERS = 4096
PROTOCOL = "1"


class CustodianForm(forms.Form):
    url = forms.URLField(
        label="Address",
        assume_scheme="https",
        help_text="Of the service's API, e.g. https://crm.example.org/custodian.",
    )
    secret = forms.CharField(
        min_length=32,
        widget=forms.PasswordInput(),
        strip=False,
        help_text="Shared with the service alone: it signs every request.",
    )

    def clean_url(self) -> str:
        url = self.cleaned_data["url"]
        parts = urlsplit(url)
        if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
            raise forms.ValidationError("Use https: without it everybody on the way reads the data.")
        if parts.username or parts.query or parts.fragment:
            raise forms.ValidationError("Leave out user names, questions and fragments.")
        return url


class CustodianConnector(Connector):
    kind = "custodian"
    label = "Service with the custodian protocol"
    Form = CustodianForm
    secret_fields = frozenset({"secret"})

    @cached_property
    def client(self) -> CustodianClient:
        return CustodianClient(self.settings["url"], self.settings["secret"])

    def close(self) -> None:
        if "client" in vars(self):
            self.client.close()
            del self.client

    def lineage_namespace(self) -> str:
        return str(self.settings["url"]).rstrip("/")

    def check(self) -> str:
        about = self.client.get("/v1/about")
        if str(about.get("protocol")) != PROTOCOL:
            raise Malformed(
                f"The service speaks another version of the protocol than {PROTOCOL}.", "Update one of both."
            )
        return f"{str(about.get('name', 'A service'))[:80]} {str(about.get('version', ''))[:20]}".strip()

    def discover(self) -> Iterator[DataSetInfo]:
        cursor: str | None = ""
        while cursor is not None:
            answer = self.client.get("/v1/data-sets", {"cursor": cursor})
            for described in _list(answer, "data_sets"):
                yield _data_set(described)
            cursor = _beyond(cursor, _next(answer))

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        answer = self.client.post("/v1/sample", {"data_set": data_set, "rows": rows, "seed": seed})
        names = [str(name) for name in _list(answer, "columns")]
        schema = pa.schema([(name, pa.string()) for name in names])
        columns = [ColumnInfo(name, place, "", Kind.TEXT) for place, name in enumerate(names)]
        cut = [
            [value if value is None else str(value)[:SAMPLED_CHARACTERS] for value in row]
            for row in _list(answer, "rows")[:rows]
        ]
        return pa.Table.from_batches([batch_of(cut, columns)], schema)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        chosen = self._columns(data_set, columns)
        asked = {"data_set": data_set, "columns": [column.name for column in chosen], "limit": batch_rows}
        for rows in self._pages("/v1/read", asked):
            for start in range(0, len(rows), batch_rows):
                yield batch_of(rows[start : start + batch_rows], chosen)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        chosen = self._columns(data_set, columns)
        asked = {
            "data_set": data_set,
            "matches": self._matches(data_set, matches),
            "columns": list(columns),
            "limit": 10_000,
        }
        batches = (
            [batch_of(rows, chosen) for rows in self._pages("/v1/find", asked)] if asked["matches"] else []
        )
        return pa.Table.from_batches(batches, schema_of(chosen))

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        meant = None if matches is None else self._matches(data_set, matches)
        return _count(self.client.post("/v1/count", {"data_set": data_set, "matches": meant}))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        self.require_writable()
        asked = [self._operation(operation) for operation in operations]
        counts = _list(self.client.post("/v1/rehearse", {"operations": asked}), "counts")
        if len(counts) != len(asked) or not all(type(count) is int for count in counts):
            raise Malformed("The service did not count every operation.", "Correct the service.")
        return counts

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._change(Operation(data_set, matches))

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._change(Operation(data_set, matches, replacements))

    def _change(self, operation: Operation) -> int:
        self.require_writable()
        asked = {**self._operation(operation), "operation": str(uuid.uuid4())}
        return _count(self.client.post("/v1/change", asked))

    def _operation(self, operation: Operation) -> dict[str, Any]:
        self._columns(operation.data_set, list(operation.replacements))
        return {
            "data_set": operation.data_set,
            "matches": self._matches(operation.data_set, operation.matches),
            "replacements": {
                name: {"value": plain(each.value), "unique": each.unique}
                for name, each in operation.replacements.items()
            },
        }

    def _matches(self, data_set: str, matches: Sequence[Match]) -> list[dict[str, Any]]:
        known = {column.name: column for column in self._columns(data_set)}
        for match in matches:
            self._columns(data_set, match.columns)
        return [match_as_json(match, known) for match in matches]

    def _columns(self, data_set: str, names: Sequence[str] | None = None) -> list[ColumnInfo]:
        """Its columns as they are now, all or those named; DataSetMissing for one that is not there."""
        described = _data_set(self.client.post("/v1/describe", {"data_set": data_set}))
        known = {column.name: column for column in described.columns}
        for name in known if names is None else names:
            if name not in known:
                raise DataSetMissing(
                    f"{data_set} has no column {name!r}.",
                    "It may have been renamed or dropped: scan the system again.",
                )
        return [known[name] for name in (known if names is None else names)]

    def _pages(self, path: str, asked: Mapping[str, Any]) -> Iterator[list[list[Any]]]:
        cursor: str | None = ""
        while cursor is not None:
            answer = self.client.post(path, {**asked, "cursor": cursor})
            rows = _list(answer, "rows")
            if rows:
                yield rows
            cursor = _beyond(cursor, _next(answer))


def _data_set(described: Mapping[str, Any]) -> DataSetInfo:
    try:
        columns = tuple(
            ColumnInfo(
                name=str(column["name"]),
                position=place,
                data_type=str(column.get("type", ""))[:200],
                kind=Kind(column.get("kind", "unknown")),
                nullable=bool(column.get("nullable", True)),
                max_length=_whole(column.get("max_length"), bits=31),
                unique=bool(column.get("unique", False)),
                generated=bool(column.get("generated", False)),
            )
            for place, column in enumerate(described.get("columns", []), start=1)
        )
        keys = tuple(
            ForeignKeyInfo(_names(key["columns"]), str(key["target"]), _names(key["target_columns"]))
            for key in described.get("foreign_keys", [])
        )
        return DataSetInfo(
            name=str(described["name"]),
            kind=str(described.get("kind", "table"))[:20],
            columns=columns,
            primary_key=tuple(map(str, described.get("primary_key", []))),
            foreign_keys=keys,
            row_estimate=_whole(described.get("row_estimate"), bits=63),
            problem=str(described.get("problem", ""))[:500],
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Malformed("The service describes a data set in another form.", "Correct the service.") from None


def _whole(number: Any, *, bits: int) -> int | None:
    if number is not None and (type(number) is not int or not 0 <= number < 2**bits):
        raise ValueError
    return number


def _names(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise TypeError
    return tuple(map(str, given))


def _list(answer: Mapping[str, Any], name: str) -> list[Any]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise Malformed(f"The service's answer has no list {name!r}.", "Correct the service.")
    return found


def _next(answer: Mapping[str, Any]) -> str | None:
    found = answer.get("next")
    return None if found is None else str(found)


def _beyond(before: str, cursor: str | None) -> str | None:
    if cursor == before:
        raise Malformed("The service does not get on with its pages.", "Correct the service.")
    return cursor


def _count(answer: Mapping[str, Any]) -> int:
    found = answer.get("count")
    if type(found) is not int or found < 0:
        raise Malformed("The service's answer has no count.", "Correct the service.")
    return found


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
