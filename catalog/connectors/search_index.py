"""OpenSearch and Elasticsearch over HTTP: each index is a data set, the fields of its mapping are columns."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from django import forms

from catalog.connectors.base import (
    Capability,
    ColumnInfo,
    Connector,
    DataSetInfo,
    DataSetMissing,
    Match,
    Operation,
    Replacement,
    Unsupported,
)
from catalog.connectors.keys import convert_keys
from catalog.connectors.matching import Matcher
from catalog.connectors.search_client import SearchClient
from catalog.connectors.search_values import as_text, batch_of, columns_of, schema_of

SAMPLED_CHARACTERS = 4096
PAGE = 500  # documents at once: they may be large
TERMS = 10_000  # keys in one query; servers take 65,536
MOST_SAMPLED = 10_000  # a server's max_result_window
EXACT = frozenset({"long", "integer", "short", "byte", "boolean"})


class SearchIndexForm(forms.Form):
    url = forms.URLField(
        label="Address", assume_scheme="https", help_text="E.g. https://search.example.org:9200"
    )
    user = forms.CharField(required=False)
    password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)
    api_key = forms.CharField(
        label="API key",
        required=False,
        widget=forms.PasswordInput(),
        help_text="In place of user and password.",
    )
    indices = forms.CharField(
        required=False,
        help_text="Names or patterns separated by commas (orders-*); empty for all but hidden ones.",
    )

    def clean_url(self) -> str:
        parts = urlsplit(self.cleaned_data["url"])
        if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
            raise forms.ValidationError("Use https: without it everybody on the way reads the data.")
        if parts.username or parts.query or parts.fragment:
            raise forms.ValidationError("Enter user and password in their own fields.")
        return self.cleaned_data["url"]


class SearchIndexConnector(Connector):
    kind = "search_index"
    label = "OpenSearch or Elasticsearch"
    Form = SearchIndexForm
    secret_fields = frozenset({"password", "api_key"})
    # A deleted document stays in its segment until that is merged: erasure has a method of its own for that.
    capabilities = frozenset({Capability.FIND})

    @cached_property
    def client(self) -> SearchClient:
        given = {name: self.settings.get(name) or "" for name in ("user", "password", "api_key")}
        return SearchClient(self.settings["url"], **given)

    def close(self) -> None:
        if "client" in vars(self):
            self.client.close()
            del self.client

    def lineage_namespace(self) -> str:
        parts = urlsplit(self.settings["url"])
        return f"elasticsearch://{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    def check(self) -> str:
        version = self.client.ask("GET", "").get("version", {})
        product = "OpenSearch" if version.get("distribution") == "opensearch" else "Elasticsearch"
        return f"{product} {str(version.get('number', ''))[:20]}"

    def discover(self) -> Iterator[DataSetInfo]:
        wanted = (self.settings.get("indices") or "*").replace(" ", "")
        counts = self.client.ask("GET", "_cat/indices?format=json&h=index,docs.count,status")
        known = {row["index"]: row for row in counts}
        mappings = self.client.ask("GET", "_mapping", index=wanted) if known else {}
        for name in sorted(mappings):
            if name.startswith("."):
                continue
            row = known.get(name, {})
            closed = row.get("status") == "close"
            yield DataSetInfo(
                name=name,
                kind="index",
                columns=columns_of(mappings[name].get("mappings", {})),
                row_estimate=int(row.get("docs.count") or 0),
                problem="The index is closed. Open it, or leave it out of the list of indices."
                if closed
                else "",
            )

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        columns = self._columns(data_set)
        spread = {"random_score": {"seed": seed, "field": "_seq_no"}, "query": {"match_all": {}}}
        drawn = self.client.ask(
            "POST",
            "_search",
            {"query": {"function_score": spread}, "size": min(rows, MOST_SAMPLED), "_source": False},
            index=data_set,
        )
        ids = [hit["_id"] for hit in drawn["hits"]["hits"]]
        cut: list[dict[str, str | None]] = []
        for start in range(0, len(ids), PAGE):
            found = self.client.ask("POST", "_mget", {"ids": ids[start : start + PAGE]}, index=data_set)
            for each in found["docs"]:
                texts = {name: as_text(value) for name, value in each.get("_source", {}).items()}
                cut.append({name: text and text[:SAMPLED_CHARACTERS] for name, text in texts.items()})
        schema = pa.schema([(column.name, pa.string()) for column in columns])
        arrays = [pa.array([row.get(column.name) for row in cut], pa.string()) for column in columns]
        return pa.Table.from_arrays(arrays, schema=schema)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        chosen = self._columns(data_set, columns)
        body = {"_source": [column.name for column in chosen]}
        for hits in self.client.scroll(data_set, body, size=min(batch_rows, PAGE)):
            yield batch_of([hit.get("_source", {}) for hit in hits], chosen)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        chosen = self._columns(data_set, columns)
        needed = self._columns(data_set, [*columns, *(name for match in matches for name in match.columns)])
        needed = list({column.name: column for column in needed}.values())
        found: list[pa.RecordBatch] = []
        seen: set[str] = set()
        for query in self._queries(matches, needed):
            for hits in self.client.scroll(data_set, query, size=PAGE):
                new = [hit for hit in hits if hit["_id"] not in seen]
                batch = batch_of([hit.get("_source", {}) for hit in new], needed)
                # The server may have found more than what is meant: values are compared again, exactly.
                mask = Matcher(matches, batch.schema).mask(batch)
                seen |= {
                    hit["_id"] for hit, hit_meant in zip(new, mask.to_pylist(), strict=True) if hit_meant
                }
                found.append(batch.filter(mask).select([column.name for column in chosen]))
        schema = schema_of(chosen)
        tables = [pa.Table.from_batches([batch]) for batch in found if len(batch)]
        return (
            pa.concat_tables([schema.empty_table(), *tables], promote_options="permissive")
            if tables
            else (schema.empty_table())
        )

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        if matches is None:
            return int(self.client.ask("GET", "_count", index=data_set)["count"])
        if not matches:
            return 0
        return self.find(data_set, matches, [matches[0].columns[0]]).num_rows

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        return self._refuse()

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._refuse()

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        return self._refuse()

    def _refuse(self) -> Any:
        self.require_writable()
        raise Unsupported(
            "The console does not change documents of a search index.", "Delete them there, and search again."
        )

    def _queries(self, matches: Sequence[Match], columns: Sequence[ColumnInfo]) -> Iterator[dict[str, Any]]:
        """What to ask the server: terms where its index compares exactly, every document where it does not."""
        types = {column.name: column for column in columns}
        schema = schema_of(columns)
        if any(match.fold or not self._exact(match, types) for match in matches):
            yield {"query": {"match_all": {}}}
            return
        for match in matches:
            name = match.columns[0]  # the others are compared here
            keys = convert_keys(match.keys[name], schema.field(name).type).drop_null().unique().to_pylist()
            for start in range(0, len(keys), TERMS):
                yield {"query": {"terms": {name: keys[start : start + TERMS]}}}

    @staticmethod
    def _exact(match: Match, types: Mapping[str, ColumnInfo]) -> bool:
        return types[match.columns[0]].data_type in EXACT

    def _columns(self, data_set: str, names: Sequence[str] | None = None) -> list[ColumnInfo]:
        """Its columns as they are now, all or those named; DataSetMissing for one that is not there."""
        mappings = self.client.ask("GET", "_mapping", index=data_set)
        if data_set not in mappings:
            raise DataSetMissing(f"There is no index {data_set}.", "Scan the system again.")
        known = {column.name: column for column in columns_of(mappings[data_set].get("mappings", {}))}
        for name in names or ():
            if name not in known:
                raise DataSetMissing(
                    f"{data_set} has no column {name!r}.",
                    "The mapping may have changed: scan the system again.",
                )
        return [known[name] for name in (known if names is None else names)]


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
