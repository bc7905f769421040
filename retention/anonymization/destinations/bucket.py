"""An object in S3, which appears with its last part; or several below a prefix, with a manifest written last.

S3 renames nothing, so parts are staged on the console's machine and go up when they are validated. Several objects
cannot appear at once: who reads them waits for `_manifest.json`, which names each with its SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from catalog.connector_urls import settings_for
from catalog.connectors.base import ConnectorError
from catalog.connectors.file_places import suffix_of
from catalog.connectors.s3_bucket import Bucket
from catalog.models import System
from retention.anonymization.assembling import SUFFIXES, assemble
from retention.anonymization.avro_schemas import avro_schema
from retention.anonymization.destinations.base import (
    Delivered,
    Destination,
    DestinationError,
    Staged,
    digest_of_files,
    file_digest,
)
from retention.anonymization.destinations.uploading import head, upload
from retention.anonymization.outputs import run_that_made
from retention.anonymization.places import folder_of

MANIFEST = "_manifest.json"


class BucketDestination(Destination):
    """`spec` has a `url`, whose keys are in the environment, or a `system` and a `key` below its prefix."""

    kind = "bucket"

    @property
    def label(self) -> str:
        return f"s3://{self._settings()['bucket']}/{self._key}"

    def staging(self) -> Path:
        return folder_of(self.run) / "staging"

    def check(self, source: Mapping[str, Any]) -> None:
        if not self._key.strip("/"):
            raise DestinationError("The bucket alone is no destination.", "Name a key or a prefix in it.")
        self._require_apart(source)
        with self._opened() as bucket:
            keys = [self._key] if self._single else list(bucket.keys(self._prefix))[:1_000]
            found = [(key, marks) for key in keys if (marks := head(bucket, key)) is not None]
        if all(marks.get("run") == self.run for _, marks in found):
            return
        if not self.overwrite:
            raise DestinationError(
                f"{self.label} is there already.", "Choose another name, or allow to overwrite it."
            )
        ours = run_that_made(self.label).replace("-", "")
        if not ours or any(marks.get("run") != ours for _, marks in found):
            raise DestinationError(
                f"{self.label} is not what an earlier job delivered there; it is not replaced.",
                "Choose another name.",
            )

    def check_schema(self, schema: pa.Schema) -> None:
        if suffix_of(self._key) == ".avro":
            avro_schema(schema)

    def deliver(self, staged: Staged) -> Delivered:
        with self._opened() as bucket:
            if self._single:
                final = self.staging() / "final" / f"output{suffix_of(self._key)}"
                final.parent.mkdir(exist_ok=True)
                assemble(staged, final)
                digest = file_digest(final)
                upload(bucket, self._key, final, run=self.run, digest=digest, replace=self.overwrite)
                return Delivered(self.label, digest)
            return self._deliver_parts(bucket, staged)

    def discard(self) -> None:
        """Objects below the prefix that this run put there, unless its manifest says that they are delivered."""
        if self._single:
            return
        try:
            with self._opened() as bucket:
                marks = head(bucket, f"{self._prefix}{MANIFEST}")
                if marks is None or marks.get("run") != self.run:
                    self._delete(bucket, lambda found: found.get("run") == self.run)
        except (DestinationError, ConnectorError):
            return  # the next sweep tries again

    def _deliver_parts(self, bucket: Bucket, staged: Staged) -> Delivered:
        files = {part.name: file_digest(part) for part in staged.parts}
        if self.overwrite:
            self._delete(bucket, lambda found: found.get("run") not in (None, self.run))
        for part in staged.parts:
            upload(
                bucket, self._prefix + part.name, part, run=self.run, digest=files[part.name], replace=True
            )
        digest = digest_of_files(files)
        manifest = self.staging() / MANIFEST
        manifest.write_bytes(
            orjson.dumps({"run": self.run, "rows": staged.rows, "sha256": digest, "files": files})
        )
        upload(bucket, f"{self._prefix}{MANIFEST}", manifest, run=self.run, digest=digest, replace=True)
        return Delivered(self.label, digest)

    def _delete(self, bucket: Bucket, which: Any) -> None:
        # The manifest first: without it nobody takes what is left for whole.
        keys = sorted(bucket.keys(self._prefix), key=lambda key: not key.endswith(MANIFEST))
        for key in keys:
            marks = head(bucket, key)
            if marks is not None and which(marks):
                bucket.call("delete_object", Key=key)

    @property
    def _single(self) -> bool:
        return suffix_of(self._key) in SUFFIXES

    @property
    def _prefix(self) -> str:
        return self._key.rstrip("/") + "/"

    @property
    def _key(self) -> str:
        if "url" in self.spec:
            return self.spec["url"].removeprefix("s3://").partition("/")[2]
        return self.spec["key"]

    def _settings(self) -> dict[str, Any]:
        try:
            if "url" in self.spec:
                return settings_for(self.spec["url"].rpartition("/")[0] or self.spec["url"])[1]
            return System.objects.get(pk=self.spec["system"]).all_settings()
        except ConnectorError as error:
            raise DestinationError(error.message, error.remedy) from None
        except System.DoesNotExist:
            raise DestinationError("The system of the destination was removed.", "Choose another.") from None

    @contextmanager
    def _opened(self) -> Iterator[Bucket]:
        bucket = Bucket(self._settings())
        try:
            with bucket.explained(self.label):
                yield bucket
        except ConnectorError as error:
            raise DestinationError(error.message, error.remedy) from None
        finally:
            bucket.close()

    def _require_apart(self, source: Mapping[str, Any]) -> None:
        there = _place_of(source)
        if there is None or there[:2] != self._server:
            return
        here, theirs = self._key.strip("/") + "/", there[2].strip("/") + "/"
        if here.startswith(theirs) or theirs.startswith(here) or theirs == "/":
            raise DestinationError(
                f"{self.label} is the source, or lies in it, or holds it.",
                "Deliver elsewhere: a source is only read.",
            )

    @property
    def _server(self) -> tuple[str, str]:
        settings = self._settings()
        return settings.get("endpoint") or "", settings["bucket"]


def _place_of(source: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Endpoint, bucket and the key or prefix that a source in S3 is."""
    if "url" in source:
        settings = settings_for(source["url"])[1]
        return settings.get("endpoint") or "", settings["bucket"], source["url"][5:].partition("/")[2]
    system = System.objects.filter(pk=source.get("system") or 0).first()
    if system is None or system.kind != "s3":
        return None
    prefix = (system.settings.get("prefix") or "").strip("/")
    key = f"{prefix}/{source['data_set']}" if prefix else source["data_set"]
    return system.settings.get("endpoint") or "", system.settings["bucket"], key
