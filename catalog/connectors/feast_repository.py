"""What a Feast repository says of itself: its configuration and its feature views.

Both are read as data. Feast's own objects are never made from them: an on-demand view in a registry is pickled
Python, and a configuration may name classes to load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.exc import SQLAlchemyError

from catalog.connectors import extras
from catalog.connectors.base import AccessDenied, ConnectorError, Malformed, Unreachable, Unsupported
from catalog.connectors.folder_paths import require_allowed

MOST_CONFIGURATION = 1024 * 1024
MOST_REGISTRY = 256 * 1024 * 1024
CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
TABLES = ("feature_views", "stream_feature_views")


@dataclass(frozen=True)
class FeatureRepository:
    """The repository that a connector's settings name; nothing is read before the first question."""

    settings: Mapping[str, Any]

    @property
    def root(self) -> Path:
        return require_allowed(Path(self.settings["repository"]))

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """feature_store.yaml. Malformed where it is none, Unreachable where it is not there."""
        text = read_file(self.root / "feature_store.yaml", most=MOST_CONFIGURATION)
        try:
            found = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("project"), str):
            raise Malformed("feature_store.yaml is not the configuration of a project.", "Correct the file.")
        return found

    @property
    def project(self) -> str:
        return self.configuration["project"]

    def option(self, section: str, name: str, default: str = "") -> str:
        """An entry of a section, as text; `default` where there is none."""
        found = self.configuration.get(section)
        value = found.get(name, default) if isinstance(found, dict) else default
        return value if isinstance(value, str) else default

    def path(self, written: str) -> Path:
        """A path as the repository writes it. Unsupported for what is not on this machine."""
        plain = written.removeprefix("file://")
        if not plain or "://" in plain:
            raise Unsupported("It is not a file on the console's machine.", "Connect that store as a system.")
        return require_allowed(self.root / plain)

    def feature_views(self) -> list[Any]:
        """The specifications of the project's views, as protocol buffers, sorted by name."""
        views = self._stored() if self.settings.get("registry_url") else self._filed()
        return sorted((each.spec for each in views), key=lambda spec: spec.name)

    def _filed(self) -> Iterator[Any]:
        kind = self.option("registry", "registry_type", "file")
        if kind != "file":
            raise Unsupported(
                f"The registry is of the type {kind}.", "Write the URL of a SQL registry into the settings."
            )
        written = self.configuration.get("registry")
        path = self.path(written if isinstance(written, str) else self.option("registry", "path"))
        content = read_file(path, most=MOST_REGISTRY)
        registry = parse("Registry_pb2", "Registry", content)
        views = (*registry.feature_views, *registry.stream_feature_views)
        yield from (each for each in views if each.spec.project == self.project)

    def _stored(self) -> Iterator[Any]:
        options = f"-c statement_timeout={ANSWER_SECONDS}s -c default_transaction_read_only=on"
        url = sa.make_url(self.settings["registry_url"]).set(
            drivername="postgresql+psycopg", password=self.settings.get("registry_password") or None
        )
        arguments = {"connect_timeout": CONNECT_SECONDS, "options": options}
        engine = sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool)
        try:
            with engine.connect() as connection:
                for name, module in zip(TABLES, ("FeatureView", "StreamFeatureView"), strict=True):
                    table = sa.table(name, sa.column("project_id"), sa.column("feature_view_proto"))
                    query = sa.select(table.c.feature_view_proto).where(table.c.project_id == self.project)
                    for content in connection.scalars(query):
                        yield parse(f"{module}_pb2", module, bytes(content))
        except SQLAlchemyError as error:
            raise _explain(error) from None


def parse(module: str, message: str, content: bytes) -> Any:
    """A message of Feast out of its bytes; Malformed where they are none."""
    decode_error = extras.load("google.protobuf.message", extra="feast").DecodeError
    found = getattr(extras.load(f"feast.protos.feast.core.{module}", extra="feast"), message)()
    try:
        found.ParseFromString(content)
    except decode_error:
        raise Malformed("The registry is damaged or none of Feast's.", "Run feast apply again.") from None
    return found


def read_file(path: Path, *, most: int) -> bytes:
    """The content of a file of at most so many bytes."""
    try:
        real = require_allowed(path)
        if real.stat().st_size > most:
            raise Malformed(
                f"{path} is larger than {most // 1024} kB.", "Check that it is what it should be."
            )
        return real.read_bytes()
    except FileNotFoundError:
        raise Unreachable(f"There is no file {path}.", "Check the path, or run feast apply.") from None
    except PermissionError:
        raise AccessDenied(f"No right to read {path}.", "Grant the console's user read access.") from None
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.", "Check its disk.") from None


def _explain(error: SQLAlchemyError) -> ConnectorError:
    text = str(getattr(error, "orig", error))
    if "password authentication" in text or "permission denied" in text:
        return AccessDenied("The registry's database refuses the user.", "Check user, password and rights.")
    if "feature_views" in text:
        return Unreachable("There is no Feast registry in this database.", "Check its URL.")
    return Unreachable("No answer from the registry's database.", "Check its URL, and that it runs.")
