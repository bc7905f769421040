"""Addresses as settings of connectors."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.connector_urls import is_url, settings_for
from catalog.connectors.base import ConnectorError

AWS = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_REGION": "eu-central-1"}


@pytest.mark.parametrize(
    ("url", "environ", "kind", "settings"),
    [
        (
            "postgres://emil:p%40ss%2F@db.example.org/shop?schemas=a,b&sslmode=require",
            {},
            "postgresql",
            {
                "host": "db.example.org",
                "port": 5432,
                "database": "shop",
                "user": "emil",
                "password": "p@ss/",
                "sslmode": "require",
                "schemas": "a,b",
            },
        ),
        (
            "postgresql://emil@db:6432/shop",
            {"CLASSIFY_PASSWORD": "from environment"},
            "postgresql",
            {"port": 6432, "password": "from environment"},
        ),
        (
            "postgresql://emil:here@db/shop",
            {"CLASSIFY_PASSWORD": "there"},
            "postgresql",
            {"password": "here"},
        ),
        ("postgresql:///shop?host=/run/pg&user=emil", {}, "postgresql", {"host": "/run/pg", "user": "emil"}),
        (
            "s3://lake/exports/2024/?path_style=false",
            AWS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:8333"},
            "s3",
            {
                "bucket": "lake",
                "prefix": "exports/2024",
                "endpoint": "http://127.0.0.1:8333",
                "region": "eu-central-1",
                "access_key": "AK",
                "secret_key": "SK",
                "path_style": False,
            },
        ),
        (
            "kafka://one,two:9093/orders,crm.*",
            {},
            "kafka",
            {
                "bootstrap_servers": "one:9092,two:9093",
                "topics": "orders,crm.*",
                "security_protocol": "PLAINTEXT",
            },
        ),
        (
            "kafka://emil:pw@one",
            {},
            "kafka",
            {
                "user": "emil",
                "password": "pw",
                "security_protocol": "SASL_SSL",
                "bootstrap_servers": "one:9092",
            },
        ),
        ("mariadb://emil:pw@db/shop,crm", {}, "mysql", {"host": "db", "port": 3306, "databases": "shop,crm"}),
        ("rediss://cache:6380/3", {}, "redis", {"host": "cache", "port": 6380, "database": 3, "tls": True}),
        ("redis://:pw@cache", {}, "redis", {"port": 6379, "password": "pw", "tls": False}),
        (
            "opensearch://emil@search.example.org:9200/logs-*",
            {"CLASSIFY_PASSWORD": "pw"},
            "search_index",
            {"url": "https://search.example.org:9200", "user": "emil", "password": "pw", "indices": "logs-*"},
        ),
    ],
)
def test_an_address_becomes_settings(
    url: str, environ: dict[str, str], kind: str, settings: dict[str, Any]
) -> None:
    found, cleaned = settings_for(url, environ=environ)
    assert found == kind
    assert {name: cleaned[name] for name in settings} == settings


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://db/x", "There is no kind of store oracle://. Known are "),
        ("postgresql://emil:s3cret@db:port/x", "This is no well-formed address: check host and port."),
        ("postgresql://emil@db/x#s3cret", "This address has a # in it."),
        ("postgresql://emil:s3#cret@db/x", "Write / @ : # ? and % in a user or password as %2F"),
        ("postgresql://emil:s3cret@db", "database: This field is required."),
        ("postgresql://emil@db/x?password=s3cret", "password does not belong into the query of an address."),
        ("postgresql://emil:s3cret@db/x?shemas=a", "A postgresql store has no setting 'shemas'. Known are "),
        ("s3://lake/x", "access_key: This field is required."),
        ("redis://cache/many", "database: Enter a whole number."),
    ],
)
def test_what_is_wrong_is_said_without_the_address(url: str, said: str) -> None:
    with pytest.raises(ConnectorError) as error:
        settings_for(url, environ={})
    assert said in str(error.value)
    assert "s3cret" not in str(error.value)
    assert "emil" not in str(error.value)


def test_temporary_keys_are_refused_and_not_ignored() -> None:
    with pytest.raises(ConnectorError, match="AWS_SESSION_TOKEN is set"):
        settings_for("s3://lake/x", environ=AWS | {"AWS_SESSION_TOKEN": "t"})


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("s3://lake", True),
        ("opensearch+http://localhost", True),
        ("data.csv", False),
        ("c:/x", False),
        ("a:b", False),
    ],
)
def test_an_address_begins_with_a_scheme(text: str, is_one: bool) -> None:
    assert is_url(text) is is_one
