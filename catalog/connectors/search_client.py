"""Asking OpenSearch or Elasticsearch over HTTP: bounded in time, its refusals as our errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson

from catalog.connectors.base import AccessDenied, ConnectorError, DataSetMissing, Malformed, Unreachable
from catalog.connectors.http_bodies import PLAIN, Unbounded, read_body

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60  # until it begins, and between two pieces
WHOLE_SECONDS = 600
LARGEST_ANSWER = 512 * 1024 * 1024  # servers take documents of up to 100 MB
SCROLL = "2m"


class SearchClient:
    """One cluster."""

    def __init__(self, url: str, *, user: str = "", password: str = "", api_key: str = "") -> None:
        self.url = url.rstrip("/")
        self.http = httpx.Client(
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            auth=(user, password) if user else None,
            headers=PLAIN | ({"Authorization": f"ApiKey {api_key}"} if api_key else {}),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self.http.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, index: str = "") -> Any:
        """The parsed answer to `/index/path`. Raises ConnectorError without any word of the server's."""
        url = f"{self.url}/{quote(index, safe='')}/{path}" if index else f"{self.url}/{path}"
        content = None if body is None else orjson.dumps(body)
        return self._send(method, url, content, "application/json", index)

    def bulk(self, lines: Sequence[Mapping[str, Any]], *, index: str) -> Any:
        """Many changes of documents in one request, each with its outcome; the next search sees them."""
        content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        url = f"{self.url}/{quote(index, safe='')}/_bulk?refresh=true"
        return self._send("POST", url, content, "application/x-ndjson", index)

    def _send(self, method: str, url: str, content: bytes | None, kind: str, index: str) -> Any:
        try:
            with self.http.stream(method, url, content=content, headers={"Content-Type": kind}) as answer:
                body_read = read_body(answer, most=LARGEST_ANSWER, seconds=WHOLE_SECONDS)
        except Unbounded:
            raise Malformed(
                f"The search index at {self._host} answers with too much at once, too slowly, or packed.",
                "See whether it is one.",
            ) from None
        except httpx.TimeoutException:
            raise Unreachable(
                f"The search index at {self._host} did not answer in time.", "See whether it is overloaded."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(
                f"The search index at {self._host} does not answer ({type(error).__name__}).",
                "Check its address, and that it runs.",
            ) from None
        return self._understood(answer.status_code, body_read, index)

    def scroll(self, index: str, body: Mapping[str, Any], *, size: int) -> Iterator[list[dict[str, Any]]]:
        """The documents that match, page by page, in the order in which they lie."""
        asked = {"sort": ["_doc"], "size": size, **body}
        answer = self.ask("POST", f"_search?scroll={SCROLL}", asked, index=index)
        name = answer.get("_scroll_id", "")
        try:
            while hits := answer["hits"]["hits"]:
                yield hits
                if len(hits) < size:
                    return
                answer = self.ask("POST", "_search/scroll", {"scroll": SCROLL, "scroll_id": name})
                name = answer.get("_scroll_id", name)
        finally:
            if name:
                self.ask("DELETE", "_search/scroll", {"scroll_id": [name]})

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def _understood(self, status: int, content: bytes, index: str) -> Any:
        if status in (401, 403):
            raise AccessDenied(
                f"The search index at {self._host} refuses us{f' at {index}' if index else ''}.",
                "Check the user or key, what it may read, and for erasure what it may write.",
            )
        if status == 404 and index:
            raise DataSetMissing(f"There is no index {index}.", "Scan the system again.")
        if status in (429, 503):
            raise Unreachable(f"The search index at {self._host} is too busy.", "Try again later.")
        try:
            parsed = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise Malformed(
                f"{self._host} does not answer like OpenSearch or Elasticsearch.", "Check the address."
            ) from None
        if status >= 300:
            kind = parsed.get("error", {}) if isinstance(parsed, dict) else {}
            said = str(kind.get("type", ""))[:80] if isinstance(kind, dict) else ""
            raise ConnectorError(
                f"The search index at {self._host} answered with status {status}"
                f"{f' ({said})' if said else ''}.",
                "See its own log.",
            )
        return parsed
