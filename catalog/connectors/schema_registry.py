"""The HTTP interface that Confluent's schema registry, Karapace, Apicurio and Redpanda share.

https://docs.confluent.io/platform/current/schema-registry/develop/api.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from catalog.connectors.base import AccessDenied, Malformed, Unreachable
from catalog.connectors.http_bodies import PLAIN, Unbounded, read_body

SECONDS = 8.0
LARGEST_ANSWER = 8 * 1024 * 1024
ANSWER_SECONDS = 60.0  # for the whole of one
DEEPEST = 20  # references of references
MOST_REFERENCES = 1_000  # of one schema: each that is used twice doubles what follows


@dataclass(frozen=True)
class Schema:
    """One version: `kind` is AVRO, PROTOBUF or JSON; `references` by the name under which it imports them."""

    kind: str
    text: str
    number: int = 0
    references: Mapping[str, Schema] = field(default_factory=dict)


class SchemaRegistry:
    """What it says of an id or a subject, asked once each."""

    def __init__(self, url: str, *, user: str = "", password: str = "") -> None:
        self.url = url.rstrip("/")
        self._client = httpx.Client(
            timeout=SECONDS,
            auth=httpx.BasicAuth(user, password) if user else None,
            headers={"Accept": "application/vnd.schemaregistry.v1+json, application/json", **PLAIN},
            trust_env=False,
        )
        self._by_path: dict[str, Any] = {}
        self._by_number: dict[int, Schema | None] = {}
        self._by_subject: dict[str, list[Schema]] = {}

    def close(self) -> None:
        self._client.close()

    def schema(self, number: int) -> Schema | None:
        """The schema of that id; None where the registry knows none."""
        if number not in self._by_number:
            answer = self._get(f"/schemas/ids/{number}")
            self._by_number[number] = None if answer is None else self._read(answer, number)
        return self._by_number[number]

    def versions(self, subject: str) -> list[Schema]:
        """All versions of a subject, the oldest first; none where the registry does not know it."""
        if subject not in self._by_subject:
            path = f"/subjects/{quote(subject, safe='')}/versions"
            answers = [self._get(f"{path}/{int(each)}") for each in self._get(path) or []]
            found = [self._read(each, int(each["id"])) for each in answers if each is not None]
            self._by_number.update({schema.number: schema for schema in found})
            self._by_subject[subject] = found
        return self._by_subject[subject]

    def check(self) -> int:
        """How many subjects it holds."""
        return len(self._get("/subjects") or [])

    def _read(self, answer: Any, number: int) -> Schema:
        """The schema with all that it refers to; Malformed where the answer is none."""
        try:
            return self._with_references(answer, number, 0, [MOST_REFERENCES])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Malformed(
                f"The schema registry {self.url} describes a schema in another form.", "Correct its address."
            ) from None

    def _with_references(self, answer: Any, number: int, depth: int, left: list[int]) -> Schema:
        references = {}
        for each in answer.get("references") or []:
            left[0] -= 1
            if depth == DEEPEST or left[0] < 0:
                raise Malformed(
                    "A schema refers to others in a circle, too deep, or to too many.",
                    "Correct its references.",
                )
            path = f"/subjects/{quote(str(each['subject']), safe='')}/versions/{int(each['version'])}"
            if path not in self._by_path:
                self._by_path[path] = self._get(path)
            if (found := self._by_path[path]) is not None:
                references[str(each["name"])] = self._with_references(
                    found, int(found["id"]), depth + 1, left
                )
        return Schema(answer.get("schemaType") or "AVRO", str(answer["schema"]), number, references)

    def _get(self, path: str) -> Any:
        """The answer; None for 404. Unreachable, AccessDenied or Malformed say what else may happen."""
        try:
            with self._client.stream("GET", self.url + path) as response:
                if response.status_code == 404:
                    return None
                self._refuse(response.status_code)
                body = read_body(response, most=LARGEST_ANSWER, seconds=ANSWER_SECONDS)
        except Unbounded:
            raise Malformed(
                f"The schema registry {self.url} answers with too much, too slowly, or packed."
            ) from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(
                f"The schema registry {self.url} did not answer ({type(error).__name__}).",
                "Check its address and that it runs.",
            ) from None
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise Malformed(
                f"What answers at {self.url} is no schema registry.", "Correct its address."
            ) from None

    def _refuse(self, status: int) -> None:
        if status in (401, 403):
            raise AccessDenied(
                f"The schema registry {self.url} refused the user or the password.", "Correct them."
            )
        if status != 200:
            raise Unreachable(f"The schema registry {self.url} answered {status}.", "Look at its log.")
