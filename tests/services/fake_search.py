"""A FAKE of OpenSearch's HTTP interface: no package that a test may install brings the real server.

It speaks what the connector asks for, in the shapes of the documentation of OpenSearch 2: mappings, search with
match_all, terms, ranges of dates and random scores, scrolls, documents by id, counts, bulk changes under the version
that was read, deletion by query, settings, and segments that keep what was deleted until they are merged.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit


class FakeSearchServer:
    """Indices in memory: `indices[name]` has `properties` and `documents`."""

    def __init__(self) -> None:
        self.indices: dict[str, dict[str, Any]] = {}
        self.scrolls: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.broken = 0  # a status to answer everything with
        self.forbidden: set[str] = set()  # doors that this user may not use: "_forcemerge"
        self.interfere: list[Any] = []  # called once each, before a bulk request is carried out
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Content-Type") == "application/x-ndjson":
                    lines = [json.loads(line) for line in body.splitlines()]
                    status, answer = server.bulk(self.path, lines)
                else:
                    status, answer = server.answer(self.command, self.path, json.loads(body) if body else {})
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def put(self, index: str, properties: dict[str, Any], documents: list[dict[str, Any]]) -> None:
        hits = [
            {
                "_index": index,
                "_id": str(number),
                "_seq_no": number,
                "_primary_term": 1,
                "_source": document,
            }
            for number, document in enumerate(documents)
        ]
        # What was deleted or replaced stays in `segments` until a merge; `translog` keeps it until a flush.
        self.indices[index] = {
            "properties": properties,
            "documents": hits,
            "segments": [],
            "translog": [],
            "settings": {},
        }

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        parts = urlsplit(path)
        self.asked.append(f"{method} {parts.path}")
        names = [unquote(part) for part in parts.path.strip("/").split("/")]
        if self.broken:
            return self.broken, {"error": {"type": "broken", "reason": "anna@example.org"}}
        if names == [""]:
            return 200, {"version": {"distribution": "opensearch", "number": "2.19.0"}}
        if names[0] == "_cat":
            return 200, [
                {"index": name, "docs.count": str(len(each["documents"])), "status": "open"}
                for name, each in self.indices.items()
            ]
        if names == ["_search", "scroll"]:
            return self._scrolled(method, body)
        if names[-1] in self.forbidden:
            return 403, {"error": {"type": "security_exception"}}
        if names[0] in self.indices:
            answer = self._administered(method, names[0], names[1], body, parts.query)
            if answer:
                return answer
        return self._of_index(names[0], names[1], body=body, scrolling="scroll=" in parts.query)

    def bulk(self, path: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        self.asked.append(f"POST {urlsplit(path).path}")
        index = unquote(urlsplit(path).path.strip("/").split("/")[0])
        if "_bulk" in self.forbidden:
            return 403, {"error": {"type": "security_exception"}}
        for interference in self.interfere:
            interference()
        self.interfere = []
        items, waiting = [], iter(lines)
        for line in waiting:
            ((action, address),) = line.items()
            document = next(waiting)["doc"] if action == "update" else None
            items.append({action: {"_id": address["_id"], **self._one(index, action, address, document)}})
        return 200, {
            "items": items,
            "errors": any(next(iter(each.values()))["status"] > 299 for each in items),
        }

    def _one(
        self, index: str, action: str, address: dict[str, Any], document: dict[str, Any] | None
    ) -> dict[str, Any]:
        documents = self.indices[index]["documents"]
        hit = next((each for each in documents if each["_id"] == address["_id"]), None)
        if hit is None:
            return {"status": 404}
        if hit["_seq_no"] != address["if_seq_no"]:
            return {"status": 409, "error": {"type": "version_conflict_engine_exception"}}
        if action == "delete":
            self._remove(index, hit)
        elif hit["_source"] | (document or {}) != hit["_source"]:
            self.change(index, hit["_id"], document or {})
        return {"status": 200}

    def change(self, index: str, name: str, fields: dict[str, Any]) -> None:
        """As somebody else would: a new version of the document, the old one still in its segment."""
        found = self.indices[index]
        place, hit = next((n, each) for n, each in enumerate(found["documents"]) if each["_id"] == name)
        found["segments"].append(hit)
        found["translog"].append(hit)
        found["documents"][place] = hit | {
            "_seq_no": hit["_seq_no"] + 1_000_000,
            "_source": hit["_source"] | fields,
        }

    def _remove(self, index: str, hit: dict[str, Any]) -> None:
        found = self.indices[index]
        found["documents"].remove(hit)
        found["segments"].append(hit)
        found["translog"].append(hit)

    def _administered(
        self, method: str, index: str, door: str, body: dict[str, Any], query: str
    ) -> tuple[int, Any] | None:
        found = self.indices[index]
        if door == "_settings" and method == "PUT":
            found["settings"] |= body
            return 200, {"acknowledged": True}
        if door == "_settings":
            return 200, {index: {"settings": found["settings"]}}
        if door == "_stats":
            return 200, {"_all": {"total": {"docs": {"deleted": len(found["segments"])}}}}
        if door == "_flush":
            found["translog"].clear()
            return 200, {}
        if door == "_forcemerge":
            # A tenth of the documents may stay deleted, unless it was said otherwise.
            if found["settings"].get("index.merge.policy.expunge_deletes_allowed") == "0":
                found["segments"].clear()
            return 200, {}
        if door in ("_delete_by_query", "_update_by_query"):
            chosen = self._chosen(found["documents"], body["query"])
            if "max_docs=" in query:
                chosen = chosen[: int(query.partition("max_docs=")[2].partition("&")[0])]
            for hit in chosen:
                self._remove(index, hit)
            return 200, {"deleted": len(chosen), "version_conflicts": 0}
        return None

    def _scrolled(self, method: str, body: dict[str, Any]) -> tuple[int, Any]:
        if method == "DELETE":
            for name in body["scroll_id"]:
                self.scrolls.pop(name, None)
            return 200, {"succeeded": True}
        return 200, self._page(body["scroll_id"])

    def _of_index(self, index: str, door: str, *, body: dict[str, Any], scrolling: bool) -> tuple[int, Any]:
        if index != "*" and index not in self.indices:
            return 404, {"error": {"type": "index_not_found_exception"}}
        if door == "_mapping":
            chosen = self.indices if index == "*" else {index: self.indices[index]}
            return 200, {
                name: {"mappings": {"properties": each["properties"]}} for name, each in chosen.items()
            }
        documents = self.indices[index]["documents"]
        if door == "_count":
            return 200, {"count": len(self._chosen(documents, body.get("query", {"match_all": {}})))}
        if door == "_mget":
            by_id = {hit["_id"]: hit for hit in documents}
            return 200, {"docs": [{**by_id[each], "found": True} for each in body["ids"]]}
        return 200, self._search(documents, body, scrolling=scrolling)

    def _search(self, documents: list[dict], body: dict[str, Any], *, scrolling: bool) -> dict[str, Any]:
        query = body.get("query", {"match_all": {}})
        found = self._chosen(documents, query)
        if "function_score" in query:
            random.Random(query["function_score"]["random_score"]["seed"]).shuffle(found)
        if body.get("_source") is False:
            found = [{"_id": hit["_id"]} for hit in found]
        if not scrolling:
            return {"hits": {"hits": found[: body["size"]]}}
        name = f"scroll-{len(self.asked)}"
        size = body["size"]
        self.scrolls[name] = [found[start : start + size] for start in range(0, len(found), size)]
        return self._page(name)

    def _chosen(self, documents: list[dict], query: dict[str, Any]) -> list[dict]:
        if "match_none" in query:
            return []
        if "terms" in query:
            ((field, values),) = query["terms"].items()
            return [hit for hit in documents if hit["_source"].get(field) in values]
        if "range" in query:
            ((field, bounds),) = query["range"].items()
            dated = [hit for hit in documents if hit["_source"].get(field) is not None]
            return [hit for hit in dated if _moment(hit["_source"][field]) < _moment(bounds["lt"])]
        return list(documents)

    def _page(self, name: str) -> dict[str, Any]:
        pages = self.scrolls[name]
        return {"_scroll_id": name, "hits": {"hits": pages.pop(0) if pages else []}}


def _moment(text: str) -> datetime:
    """As a field of the type date keeps it: in milliseconds, and in UTC where no zone is said."""
    found = datetime.fromisoformat(text)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)
