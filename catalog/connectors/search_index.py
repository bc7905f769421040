"""OpenSearch and Elasticsearch over HTTP: each index is a data set, the fields of its mapping are columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from catalog.connectors.ageing import no_age
from catalog.connectors.base import (
    Capability,
    ColumnInfo,
    Connector,
    DataSetInfo,
    DataSetMissing,
    Kind,
    Lingering,
    Match,
    Older,
    Operation,
    Replacement,
)
from catalog.connectors.keys import convert_keys
from catalog.connectors.matching import Matcher
from catalog.connectors.search_changes import (
    ATTEMPTS,
    Hit,
    Lines,
    apply,
    names,
    removal,
    require_writable_index,
    rewriting,
)
from catalog.connectors.search_client import SearchClient
from catalog.connectors.search_form import SearchIndexForm
from catalog.connectors.search_rehearsing import Rehearsed
from catalog.connectors.search_settling import expunge, lingering
from catalog.connectors.search_values import as_text, batch_of, columns_of, schema_of

SAMPLED_CHARACTERS = 4096
PAGE = 500  # documents at once: they may be large
TERMS = 10_000  # keys in one query; servers take 65,536
MOST_SAMPLED = 10_000  # a server's max_result_window
EXACT = frozenset({"long", "integer", "short", "byte", "boolean"})


class SearchIndexConnector(Connector):
    kind = "search_index"
    label = "OpenSearch or Elasticsearch"
    Form = SearchIndexForm
    secret_fields = frozenset({"password", "api_key"})
    keys_per_change = 10_000
    capabilities = frozenset({Capability.FIND, Capability.CHANGE, Capability.EXPIRE})

    def __init__(self, settings: Mapping[str, Any], *, writable: bool = False) -> None:
        super().__init__(settings, writable=writable)
        self._expunged: set[str] = set()

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
                problem=_problem(closed, mappings[name].get("mappings", {})),
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
        found = [
            batch.select([column.name for column in chosen])
            for _, batch in self._matching(data_set, matches, needed)
        ]
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
        self.require_writable()
        touched = []
        left: dict[str, Rehearsed] = {}
        for operation in operations:
            index = operation.data_set
            needed = self._columns(index, names(operation.matches, *operation.replacements))
            if index not in left:
                require_writable_index(self.client, index, updates=bool(operation.replacements))
            touched.append(left.setdefault(index, Rehearsed(self._matching)).touch(operation, needed))
        return touched

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._change(data_set, matches, (), removal)

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        self.require_writable()
        columns = {column.name: column for column in self._columns(data_set, list(replacements))}
        return self._change(
            data_set, matches, list(replacements), lambda hit: rewriting(hit, columns, replacements)
        )

    def settle(self, data_set: str) -> None:
        self.require_writable()
        if expunge(self.client, data_set):
            self._expunged.add(data_set)

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        # Documents deleted by others after the merge are no remains of these.
        return None if data_set in self._expunged else lingering(self.client, data_set)

    def count_older(self, data_set: str, older: Older) -> int:
        return int(self.client.ask("POST", "_count", self._aged(data_set, older), index=data_set)["count"])

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        self.require_writable()
        self._expunged.discard(data_set)
        for _ in range(ATTEMPTS):
            answer = self.client.ask(
                "POST",
                f"_delete_by_query?refresh=true&conflicts=proceed&max_docs={int(limit)}",
                self._aged(data_set, older),
                index=data_set,
            )
            if answer["deleted"] or not answer["version_conflicts"]:
                break
        return int(answer["deleted"])

    def _aged(self, data_set: str, older: Older) -> dict[str, Any]:
        (column,) = self._columns(data_set, [older.column])
        if column.kind is not Kind.TIMESTAMP:
            raise no_age(older.column, data_set)
        before = {"lt": older.moment.isoformat(), "format": "strict_date_optional_time"}
        return {"query": {"range": {column.name: before}}}

    def _change(
        self,
        data_set: str,
        matches: Sequence[Match],
        written: Sequence[str],
        lines: Callable[[Hit], Lines],
    ) -> int:
        self.require_writable()
        needed = self._columns(data_set, names(matches, *written))
        self._expunged.discard(data_set)

        def find() -> Iterator[Hit]:
            for hits, _ in self._matching(data_set, matches, needed):
                yield from hits

        return apply(self.client, data_set, find, lines) if matches else 0

    def _matching(
        self, data_set: str, matches: Sequence[Match], needed: Sequence[ColumnInfo]
    ) -> Iterator[tuple[list[Hit], pa.RecordBatch]]:
        """The matching documents, each once, with `needed` of them as a batch."""
        seen: set[str] = set()
        for query in self._queries(matches, needed):
            for hits in self.client.scroll(data_set, query | {"seq_no_primary_term": True}, size=PAGE):
                new = [hit for hit in hits if hit["_id"] not in seen]
                batch = batch_of([hit.get("_source", {}) for hit in new], needed)
                # The server may have found more than what is meant: values are compared again, exactly.
                mask = Matcher(matches, batch.schema).mask(batch)
                meant: list[Hit] = [
                    hit for hit, is_meant in zip(new, mask.to_pylist(), strict=True) if is_meant
                ]
                seen |= {hit["_id"] for hit in meant}
                yield meant, batch.filter(mask)

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


def _problem(closed: bool, mapping: Mapping[str, Any]) -> str:
    if closed:
        return "The index is closed. Open it, or leave it out of the list of indices."
    source = mapping.get("_source", {})
    if source.get("enabled", True) in (False, "false") or source.get("includes") or source.get("excludes"):
        return "The index does not keep its documents whole (_source), so nobody can be found in it."
    return ""
