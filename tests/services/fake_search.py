"""A FAKE of OpenSearch's HTTP interface: no package that a test may install brings the real server.

It speaks what the connector asks for, in the shapes of the documentation of OpenSearch 2: mappings, search with
match_all, terms and random scores, scrolls, documents by id, counts.
"""

from __future__ import annotations

import json
import random
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
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = server.answer(self.command, self.path, json.loads(body) if body else {})
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer

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
            {"_index": index, "_id": str(number), "_source": document}
            for number, document in enumerate(documents)
        ]
        self.indices[index] = {"properties": properties, "documents": hits}

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
        return self._of_index(*names, body=body, scrolling="scroll=" in parts.query)

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
            return 200, {"count": len(documents)}
        if door == "_mget":
            by_id = {hit["_id"]: hit for hit in documents}
            return 200, {"docs": [{**by_id[each], "found": True} for each in body["ids"]]}
        return 200, self._search(documents, body, scrolling=scrolling)

    def _search(self, documents: list[dict], body: dict[str, Any], *, scrolling: bool) -> dict[str, Any]:
        query = body.get("query", {"match_all": {}})
        found = list(documents)
        if "terms" in query:
            ((field, values),) = query["terms"].items()
            found = [hit for hit in found if hit["_source"].get(field) in values]
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

    def _page(self, name: str) -> dict[str, Any]:
        pages = self.scrolls[name]
        return {"_scroll_id": name, "hits": {"hits": pages.pop(0) if pages else []}}
