"""The pages about the custodian protocol say what the console asks and the example service answers."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from drf_spectacular.validation import validate_schema

from catalog.connectors import custodian, custodian_client
from catalog.connectors.base import Kind
from catalog.connectors.custodian_signing import signature_base, signed_headers
from examples import custodian_service

DOCS = Path(__file__).parents[2] / "docs"
PATH = re.compile(r'"(/v1/[a-z-]+)"')


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return yaml.safe_load((DOCS / "custodian-protocol.yaml").read_text())


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "custodian-protocol.md").read_text()


def test_the_description_is_openapi(described: dict[str, Any]):
    assert described["openapi"].startswith("3.1.")
    validate_schema(described)
    assert [name for name in references(described) if name not in components(described)] == []


def test_every_path_is_described(described: dict[str, Any]):
    paths = set(described["paths"])
    assert paths == set(PATH.findall(Path(custodian_service.__file__).read_text()))
    assert paths == set(PATH.findall(Path(custodian.__file__).read_text()))


def test_the_page_lists_every_request(described: dict[str, Any], page: str):
    listed = {(path, method.lower()) for method, path in re.findall(r"`(GET|POST) (/v1/[a-z-]+)", page)}
    assert listed == {(path, method) for path, ways in described["paths"].items() for method in ways}


def test_every_problem_is_described(described: dict[str, Any], page: str):
    types = set(described["components"]["schemas"]["Problem"]["properties"]["type"]["enum"])
    assert types == set(custodian_client.PROBLEMS) | {"not-signed"}
    listed = page.partition("| type | meaning |")[2].partition("\n\n")[0]
    assert types == set(re.findall(r"`([a-z-]+)`", listed))


def test_the_kinds_of_columns_are_the_connectors(described: dict[str, Any]):
    kinds = described["components"]["schemas"]["Column"]["properties"]["kind"]["enum"]
    assert kinds == [str(kind) for kind in Kind]


def test_the_worked_example_is_signed_right(page: str):
    secret = re.search(r"The secret is `([^`]+)`", page)[1]  # type: ignore[index]
    request, signed, headers = re.findall(r"```(?:http|text)\n(.*?)\n```", page, re.DOTALL)
    first, _, body = request.partition("\n\n")
    method, _, uri = first.partition(" ")
    created = int(re.search(r"created=(\d+)", signed)[1])  # type: ignore[index]
    nonce = re.search(r'nonce="([^"]+)"', signed)[1]  # type: ignore[index]

    given = dict(line.split(": ", 1) for line in headers.splitlines())
    assert given == signed_headers(method, uri, body.encode(), secret=secret, at=created, nonce=nonce)
    parameters = given["Signature-Input"].removeprefix("console=")
    assert signed == signature_base(method, uri, given["Content-Digest"], parameters)
    assert orjson.dumps(orjson.loads(body)) == body.encode()  # as the console writes it


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in references(value)]
    return [found for value in node for found in references(value)] if isinstance(node, list) else []


def components(described: dict[str, Any]) -> set[str]:
    return {f"#/components/{sort}/{name}" for sort, held in described["components"].items() for name in held}
