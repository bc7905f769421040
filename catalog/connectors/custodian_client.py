"""Asking a custodian's service: signed, bounded in time and size, its refusals as our errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Malformed,
    Unreachable,
    Unsupported,
)
from catalog.connectors.custodian_signing import signed_headers
from catalog.connectors.http_bodies import PLAIN, Unbounded, read_body

CONNECT_SECONDS = 10
ANSWER_SECONDS = 120  # until it begins, and between two pieces
WHOLE_SECONDS = 900
LARGEST_ANSWER = 256 * 1024 * 1024
PROBLEMS: dict[str, type[ConnectorError]] = {
    "data-set-missing": DataSetMissing,
    "column-missing": DataSetMissing,
    "access-denied": AccessDenied,
    "constraint": ConstraintInTheWay,
    "malformed": Malformed,
    "unsupported": Unsupported,
}


class CustodianClient:
    """One service at `url`; its answers as parsed JSON objects."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url.rstrip("/")
        self.secret = secret
        self.http = httpx.Client(
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            headers=PLAIN,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._ask("GET", httpx.URL(f"{self.url}{path}", params=dict(query or {})), b"")

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("POST", httpx.URL(f"{self.url}{path}"), orjson.dumps(body))

    def _ask(self, method: str, url: httpx.URL, body: bytes) -> dict[str, Any]:
        headers = signed_headers(method, str(url), body, secret=self.secret)
        headers["Content-Type"] = "application/json"
        try:
            with self.http.stream(method, url, content=body, headers=headers) as answer:
                content = self._content(answer)
                status = answer.status_code
        except httpx.TimeoutException:
            raise Unreachable(
                f"The service at {self._host} did not answer in time.", "See whether it is busy or stuck."
            ) from None
        except httpx.HTTPError as error:
            raise Unreachable(
                f"The service at {self._host} does not answer ({type(error).__name__}).",
                "Check its address, and that it runs.",
            ) from None
        return self._understood(status, content)

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def _content(self, answer: httpx.Response) -> bytes:
        try:
            return read_body(answer, most=LARGEST_ANSWER, seconds=WHOLE_SECONDS)
        except Unbounded:
            raise Malformed(
                f"The service at {self._host} answers with more than {LARGEST_ANSWER // 2**20} MB at once, too slowly, "
                "or packed.",
                "Let it send smaller pages.",
            ) from None

    def _understood(self, status: int, content: bytes) -> dict[str, Any]:
        try:
            parsed = orjson.loads(content)
        except orjson.JSONDecodeError:
            parsed = None
        if status == 200 and isinstance(parsed, dict):
            return parsed
        if status == 200:
            raise Malformed(f"The service at {self._host} does not answer with a JSON object.", "Correct it.")
        raise self._refusal(status, parsed if isinstance(parsed, dict) else {})

    def _refusal(self, status: int, problem: Mapping[str, Any]) -> ConnectorError:
        """The problem in our words: what a service says about itself may hold values of its store."""
        kind = str(problem.get("type", ""))
        named = [str(problem[key])[:200] for key in ("data_set", "column") if problem.get(key)]
        about = f" ({', '.join(map(repr, named))})" if named else ""
        if kind in PROBLEMS:
            words, remedy = SAID[kind]
            return PROBLEMS[kind](f"The service at {self._host} {words}{about}.", remedy)
        if status in (401, 403):
            return AccessDenied(
                f"The service at {self._host} refuses our signature.", "Enter the secret that it expects."
            )
        return ConnectorError(
            f"The service at {self._host} answered with status {status}{about}.", "See its own log."
        )


SAID = {
    "data-set-missing": ("has no such data set", "Scan the system again."),
    "column-missing": ("has no such column", "Scan the system again."),
    "access-denied": ("may not do that", "Give the service the right it needs."),
    "constraint": ("has a rule that forbids the change", "Change the rule, or delete the rows instead."),
    "malformed": ("could not read what it was asked", "Check that both speak the same version."),
    "unsupported": ("cannot do that", "Ask its custodian to do it by hand."),
}
