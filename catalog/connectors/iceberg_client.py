"""The connection to an Iceberg catalog, with time-outs, and its errors in our words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from sqlalchemy.exc import SQLAlchemyError

from catalog.connectors import extras
from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    DataSetMissing,
    Malformed,
    Unreachable,
    Unsupported,
)
from catalog.connectors.folder_paths import require_allowed
from catalog.connectors.http_bodies import PLAIN
from catalog.connectors.iceberg_files import table_files
from catalog.connectors.iceberg_form import REST, sql_url

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
WHOLE_ANSWER_SECONDS = 120
LARGEST_ANSWER = 64 * 1024 * 1024
DAMAGED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    NotImplementedError,
    pa.ArrowException,
)
SERVED = ("prefix", "namespace-separator", "warehouse")  # what a REST catalog may tell of itself


def connect(settings: Mapping[str, Any], *, writable: bool = False) -> Any:
    """PyIceberg's catalog. What tables and servers want it to load or to send elsewhere is ignored."""
    if settings["catalog"] == REST:
        secrets = {name: settings[name] for name in ("token", "credential") if settings.get(name)}
        tokens = f"{settings['uri'].rstrip('/')}/v1/oauth/tokens"
        properties = {"uri": settings["uri"], "oauth2-server-uri": tokens, **secrets}
        properties["warehouse"] = settings.get("warehouse") or ""
        return _rest_class()(settings, properties, writable)
    uri = _sql_uri(settings, writable=writable)
    properties = {"uri": uri, "init_catalog_tables": "false", "pool_pre_ping": "true"}
    return _sql_class()(settings, properties, writable)


@cache
def _sql_class() -> type[Any]:
    sql = extras.load("pyiceberg.catalog.sql", extra="iceberg")

    class GuardedSqlCatalog(sql.SqlCatalog):  # type: ignore[name-defined]
        def __init__(
            self, settings: Mapping[str, Any], properties: Mapping[str, str], writable: bool
        ) -> None:
            self._settings, self._writable = settings, writable
            super().__init__(settings.get("catalog_name") or "default", **properties)

        def _load_file_io(self, properties: Any = None, location: str | None = None) -> Any:
            return table_files(self._settings, writable=self._writable)

        def _convert_orm_to_iceberg(self, orm_table: Any) -> Any:
            files = table_files(self._settings, writable=self._writable)
            metadata = sql.FromInputFile.table_metadata(files.new_input(orm_table.metadata_location or ""))
            identifier = (*orm_table.table_namespace.split("."), orm_table.table_name)
            return sql.Table(identifier, metadata, orm_table.metadata_location, files, self)

    return GuardedSqlCatalog


@cache
def _rest_class() -> type[Any]:
    rest = extras.load("pyiceberg.catalog.rest", extra="iceberg")

    class GuardedRestCatalog(rest.RestCatalog):  # type: ignore[name-defined]
        def __init__(
            self, settings: Mapping[str, Any], properties: Mapping[str, str], writable: bool
        ) -> None:
            self._settings, self._writable = settings, writable
            self.properties: dict[str, Any] = {}
            super().__init__("console", **properties)

        def _config_headers(self, session: Any) -> None:
            super()._config_headers(session)  # this comes first, before any request for a token
            for scheme in ("http://", "https://"):
                session.mount(scheme, _patient_adapter())

        def _fetch_config(self) -> None:
            own = dict(self.properties)
            super()._fetch_config()
            self.properties = own | {
                name: self.properties[name] for name in SERVED if name in self.properties
            }
            self.uri = own["uri"]

        def _load_file_io(self, properties: Any = None, location: str | None = None) -> Any:
            return table_files(self._settings, properties, writable=self._writable, table=location)

    return GuardedRestCatalog


def _patient_adapter() -> Any:
    adapters = extras.load("requests.adapters", extra="iceberg")

    requests = extras.load("requests", extra="iceberg")

    class Patient(adapters.HTTPAdapter):  # type: ignore[name-defined]
        """PyIceberg sets no bounds of its own, and would follow the catalog to wherever it points."""

        def send(self, request: Any, **options: Any) -> Any:
            request.headers.update(PLAIN)
            options |= {"timeout": (CONNECT_SECONDS, ANSWER_SECONDS), "stream": True}
            answer = super().send(request, **options)
            with answer:
                if answer.is_redirect:
                    raise requests.TooManyRedirects
                if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise requests.exceptions.ContentDecodingError
                deadline = time.monotonic() + WHOLE_ANSWER_SECONDS
                body = bytearray()
                for chunk in answer.iter_content(64 * 1024):
                    body += chunk
                    if len(body) > LARGEST_ANSWER or time.monotonic() > deadline:
                        raise requests.exceptions.ChunkedEncodingError
            answer._content = bytes(body)
            return answer

    return Patient()


def _sql_uri(settings: Mapping[str, Any], *, writable: bool) -> str:
    url = sql_url(settings["uri"])
    if url.get_backend_name() == "sqlite":
        path = require_allowed(Path(url.database or ""))
        if not path.is_file():
            raise Unreachable(f"There is no file {path}.", "Check the URI of the catalog.")
        return f"sqlite:///file:{quote(str(path))}?mode={'rw' if writable else 'ro'}&uri=true"
    options = f"-c statement_timeout={ANSWER_SECONDS}s"
    if not writable:
        options += " -c default_transaction_read_only=on"
    url = url.set(
        drivername="postgresql+psycopg",
        password=settings.get("password") or None,
        query={"connect_timeout": str(CONNECT_SECONDS), "options": options},
    )
    return url.render_as_string(hide_password=False)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Errors while something is done with `name` come out as ConnectorErrors, without what the server said."""
    pyiceberg = extras.load("pyiceberg.exceptions", extra="iceberg")
    requests = extras.load("requests", extra="iceberg")
    missing = (pyiceberg.NoSuchTableError, pyiceberg.NoSuchNamespaceError, pyiceberg.NoSuchIdentifierError)
    refused = (
        pyiceberg.UnauthorizedError,
        pyiceberg.ForbiddenError,
        pyiceberg.AuthorizationExpiredError,
        pyiceberg.OAuthError,
    )
    damaged = (pyiceberg.ValidationError, pyiceberg.ResolveError, pyiceberg.NotInstalledError)
    try:
        yield
    except missing:
        raise DataSetMissing(f"There is no table {name} in the catalog.", "Scan the system again.") from None
    except refused:
        raise AccessDenied(
            f"The catalog refuses access to {name}.", "Check the token or credential, and its rights."
        ) from None
    except pyiceberg.RESTError as error:
        raise Unreachable(
            f"The catalog answered the question for {name} with an error ({type(error).__name__}).",
            "Check the URI and the warehouse, and look at the catalog's log.",
        ) from None
    except requests.RequestException:
        raise Unreachable(
            f"No answer from the catalog about {name}.", "Check its URI, and that it runs."
        ) from None
    except SQLAlchemyError as error:
        raise _explain_sql(error) from None
    except FileNotFoundError:
        raise Malformed(
            f"A file of {name} is not where its metadata says.", "Restore the file, or repair the table."
        ) from None
    except OSError as error:
        raise _explain_files(error, name) from None
    except (*damaged, *DAMAGED) as error:
        if "equality delete" in str(error):
            raise equality_deletes(name) from None
        raise Malformed(
            f"{name} cannot be read as an Iceberg table ({type(error).__name__}).",
            "Check its metadata and data files; they may be damaged or of a kind that is not known here.",
        ) from None


def equality_deletes(name: str) -> ConnectorError:
    """What to say of a table where rows are deleted by their values, which PyIceberg cannot apply."""
    return Unsupported(
        f"{name} has equality deletes, which cannot be read here.",
        "Compact it with the engine that writes it (rewrite_data_files).",
    )


def _explain_sql(error: SQLAlchemyError) -> ConnectorError:
    text = str(getattr(error, "orig", error))
    if "password authentication" in text or "permission denied" in text:
        return AccessDenied("The catalog's database refuses the user.", "Check user, password and rights.")
    if "iceberg_tables" in text or "iceberg_namespace_properties" in text:
        return Unreachable("There is no Iceberg catalog in this database.", "Check the URI of the catalog.")
    return Unreachable("No answer from the catalog's database.", "Check its URI, and that it runs.")


def _explain_files(error: OSError, name: str) -> ConnectorError:
    text = str(error)
    denied = ("ACCESS_DENIED", "INVALID_ACCESS_KEY", "SIGNATURE_DOES_NOT_MATCH", "HTTP status 403")
    if isinstance(error, PermissionError) or any(sign in text for sign in denied):
        return AccessDenied(f"No right to read a file of {name}.", "Check the S3 keys and their rights.")
    return Unreachable(
        f"A file of {name} cannot be read.", "Check the S3 endpoint, region and warehouse, or the disk."
    )
