"""A store by its address: `postgresql://user@host/database?schemas=a,b` as the settings of a connector.

What stands in the query are fields of the connector's form. Secrets may stand where the password stands, or in
the environment: the field `password` as CLASSIFY_PASSWORD, `secret_key` as CLASSIFY_SECRET_KEY.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ValidationError

from catalog.connectors import registry
from catalog.connectors.base import ConnectorError
from catalog.registering import clean_settings

KAFKA_PORT = 9092
ALIASES = {
    "postgres": "postgresql",
    "mariadb": "mysql",
    "rediss": "redis",
    "opensearch": "search_index",
    "opensearch+http": "search_index",
    "elasticsearch": "search_index",
    "elasticsearch+http": "search_index",
}
# A scheme has two letters at least: one is a drive of Windows.
_URL = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_ESCAPE = "Write / @ : # ? and % in a user or password as %2F %40 %3A %23 %3F %25."


def is_url(text: str) -> bool:
    """Whether `text` begins as `scheme://` does."""
    return bool(_URL.match(text))


def settings_for(url: str, *, environ: Mapping[str, str] = os.environ) -> tuple[str, dict[str, Any]]:
    """The kind of connector that `url` names, and its cleaned settings.

    Raises ConnectorError, which repeats nothing of the address but its scheme and the names of fields.
    """
    parts = _split(url)
    kind = ALIASES.get(parts.scheme, parts.scheme)
    if kind not in registry.classes:
        known = ", ".join(sorted({*registry.classes, *ALIASES}))
        raise ConnectorError(f"There is no kind of store {parts.scheme}://.", f"Known are {known}.")
    given = _BY_KIND.get(kind, _network)(parts, environ) | _asked(parts, kind)
    fields, secrets = registry.get(kind).Form.base_fields, registry.get(kind).secret_fields
    kept = {name: value for name, value in given.items() if name in fields and value not in ("", None)}
    for name in secrets:
        if not kept.get(name) and environ.get(f"CLASSIFY_{name.upper()}"):
            kept[name] = environ[f"CLASSIFY_{name.upper()}"]
    return kind, checked(kind, kept)


def checked(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Cleaned settings of that kind of store. ConnectorError says what is wrong with which of them."""
    try:
        return clean_settings(kind, settings)
    except ValidationError as error:
        wrong = " ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
        raise ConnectorError(f"A {kind} store cannot be opened so.", wrong) from None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port if "," not in parts.netloc else None  # noqa: B018 - raises where it is no number
    except ValueError:
        raise ConnectorError("This is no well-formed address: check host and port.", _ESCAPE) from None
    if parts.fragment:
        raise ConnectorError("This address has a # in it.", _ESCAPE)
    return parts


def _asked(parts: SplitResult, kind: str) -> dict[str, str]:
    """The fields in the query; a secret has no place there, where histories and process lists show it."""
    found = dict(parse_qsl(parts.query, keep_blank_values=True))
    connector = registry.get(kind)
    for name in found:
        if name in connector.secret_fields:
            raise ConnectorError(
                f"{name} does not belong into the query of an address.", f"Set CLASSIFY_{name.upper()}."
            )
        if name not in connector.Form.base_fields:
            known = sorted(set(connector.Form.base_fields) - connector.secret_fields)
            raise ConnectorError(f"A {kind} store has no setting {name!r}.", f"Known are {', '.join(known)}.")
    return found


def _network(parts: SplitResult, environ: Mapping[str, str]) -> dict[str, Any]:
    """`scheme://user:password@host:port/database`, or several databases; fields that a form lacks are left out."""
    database = unquote(parts.path.strip("/"))
    return {
        "host": unquote(parts.hostname or ""),
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": database,
        "databases": database,
        "path": unquote(parts.path),
    }


def _redis(parts: SplitResult, environ: Mapping[str, str]) -> dict[str, Any]:
    return {**_network(parts, environ), "tls": parts.scheme == "rediss"}


def _kafka(parts: SplitResult, environ: Mapping[str, str]) -> dict[str, Any]:
    """Several brokers stand with commas between them; a user means TLS unless the query says otherwise."""
    credentials, _, servers = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    hosts = [
        host if ":" in host.rpartition("]")[2] else f"{host}:{KAFKA_PORT}" for host in servers.split(",")
    ]
    return {
        "bootstrap_servers": ",".join(hosts) if servers else "",
        "topics": unquote(parts.path.strip("/")),
        "user": unquote(user),
        "password": unquote(password),
        "security_protocol": "SASL_SSL" if user else "PLAINTEXT",
    }


def _s3(parts: SplitResult, environ: Mapping[str, str]) -> dict[str, Any]:
    """Keys, region and endpoint as Amazon's own tools find them in the environment."""
    if environ.get("AWS_SESSION_TOKEN"):
        raise ConnectorError(
            "AWS_SESSION_TOKEN is set: keys that last for a while only cannot be used here.",
            "Use the keys of a user who may read the bucket.",
        )
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    return {
        "bucket": unquote(parts.netloc),
        "prefix": unquote(parts.path.strip("/")),
        "endpoint": environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
        "region": region,
        "access_key": environ.get("AWS_ACCESS_KEY_ID"),
        "secret_key": environ.get("AWS_SECRET_ACCESS_KEY"),
    }


def _search_index(parts: SplitResult, environ: Mapping[str, str]) -> dict[str, Any]:
    scheme = "http" if parts.scheme.endswith("+http") else "https"
    server = parts.netloc.rpartition("@")[2]
    indices = unquote(parts.path.strip("/"))
    return {**_network(parts, environ), "url": f"{scheme}://{server}", "indices": indices}


_BY_KIND: dict[str, Callable[[SplitResult, Mapping[str, str]], dict[str, Any]]] = {
    "kafka": _kafka,
    "redis": _redis,
    "s3": _s3,
    "search_index": _search_index,
}
