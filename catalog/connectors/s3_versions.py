"""Objects in a bucket with all that is kept of them: older versions, deletion markers and unfinished uploads.

Source: Amazon S3 API reference, ListObjectVersions, DeleteObjects, ListMultipartUploads and Object Lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from catalog.connectors.base import AccessDenied, ConnectorError
from catalog.connectors.object_sets import Entry, ObjectPlaces
from catalog.connectors.s3_bucket import Bucket, error_code

AT_ONCE = 1_000  # DeleteObjects takes no more
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNSUPPORTED = ("NotImplemented", "MethodNotAllowed")


@dataclass(slots=True)
class Kept:
    """Of one key: its versions (None where the bucket has none), markers among them, and its unfinished uploads."""

    versions: list[str | None] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    size: int = 0
    modified: datetime = EPOCH
    holds_data: bool = False


class BucketObjects(ObjectPlaces):
    """`prefix` ends with a slash or is empty; paths are below it."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self.bucket = bucket
        self.prefix = prefix

    def entries(self, start: str) -> Iterator[Entry]:
        """Key by key, in their order; an upload of a key without any object comes at the end."""
        uploads = self._uploads(self.prefix + start)
        for key, kept in self._keys(self.prefix + start):
            kept.uploads = uploads.pop(key, [])
            yield self._entry(key, kept)
        for key, names in uploads.items():
            yield self._entry(key, Kept(uploads=names))

    def remove(self, entries: Sequence[Entry], *, folders: int) -> None:
        for entry in entries:
            for upload in entry.parts.uploads:
                self._call(
                    "abort_multipart_upload",
                    Key=self.prefix + entry.path,
                    UploadId=upload,
                    missing_is_well=True,
                )
        wanted = [
            {"Key": self.prefix + entry.path} | ({"VersionId": version} if version is not None else {})
            for entry in entries
            for version in entry.parts.versions
        ]
        for start in range(0, len(wanted), AT_ONCE):
            chunk = wanted[start : start + AT_ONCE]
            answer = self._call("delete_objects", Delete={"Objects": chunk, "Quiet": True})
            for refused in answer.get("Errors", ()):
                if refused.get("Code") in ("NoSuchKey", "NoSuchVersion"):
                    continue
                if not self._lock(refused["Key"], refused.get("VersionId"))[0]:
                    raise self._refused(refused.get("Code", ""))

    def require_replaceable(self) -> None:
        """Asked by removing what is not there; of a bucket with versions a version, which leaves no marker."""
        probe = {"Key": f"{self.prefix}.{secrets.token_hex(16)}"}
        if self.versioned:
            probe["VersionId"] = "null"
        self._call("delete_object", missing_is_well=True, **probe)

    def locked(self, entries: Sequence[Entry]) -> tuple[int, datetime | None, str]:
        many, last, for_ever = 0, None, False
        for entry in entries if self.versioned else ():  # only buckets with versions have locks
            locks = [self._lock(self.prefix + entry.path, version) for version in entry.parts.versions]
            held = [until for is_locked, until in locks if is_locked]
            many += bool(held)
            for_ever = for_ever or None in held
            last = max([until for until in held if until] + ([last] if last else []), default=None)
        if not many:
            return 0, None, ""
        if for_ever:
            return many, None, "A legal hold of the bucket's Object Lock keeps them until it is lifted there."
        return (
            many,
            last,
            f"The bucket's Object Lock keeps them until {timezone.localtime(last):%-d %b %Y, %H:%M}.",
        )

    @property
    def versioned(self) -> bool:
        """Whether the bucket keeps, or once kept, older versions."""
        if self._versioned is None:
            try:
                self._versioned = bool(self._call("get_bucket_versioning").get("Status"))
            except _NotSupported:
                self._versioned = False
        return self._versioned

    _versioned: bool | None = None

    def _keys(self, start: str) -> Iterator[tuple[str, Kept]]:
        current, kept = "", Kept()
        for key, version, found in self._listed(start):
            if key != current and current:
                yield current, kept
                kept = Kept()
            current = key
            kept.versions.append(version)
            kept.modified = max(kept.modified, found["LastModified"])
            if "Size" in found and not kept.holds_data:
                kept.size, kept.holds_data = found["Size"], True
        if current:
            yield current, kept

    def _listed(self, start: str) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
        """Every version and marker, those of one key together, the newest first."""
        following: dict[str, Any] = {}
        while True:
            method = "list_object_versions" if self.versioned else "list_objects_v2"
            page = self._call(method, Prefix=start, **following)
            if self.versioned:
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                found.sort(key=lambda each: each["LastModified"], reverse=True)
                found.sort(key=lambda each: each["Key"].encode())
                yield from ((each["Key"], each["VersionId"], each) for each in found)
            else:
                yield from ((each["Key"], None, each) for each in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            if self.versioned:
                following = {"KeyMarker": page["NextKeyMarker"]}
                if page.get("NextVersionIdMarker"):
                    following["VersionIdMarker"] = page["NextVersionIdMarker"]
            else:
                following = {"ContinuationToken": page["NextContinuationToken"]}

    def _uploads(self, start: str) -> dict[str, list[str]]:
        """Unfinished uploads by key, in the order of the keys."""
        found: dict[str, list[str]] = {}
        following: dict[str, Any] = {}
        while True:
            try:
                page = self._call("list_multipart_uploads", Prefix=start, **following)
            except _NotSupported:
                return {}
            for upload in page.get("Uploads", ()):
                found.setdefault(upload["Key"], []).append(upload["UploadId"])
            if not page.get("IsTruncated"):
                return dict(sorted(found.items()))
            following = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def _entry(self, key: str, kept: Kept) -> Entry:
        return Entry(key.removeprefix(self.prefix), kept.size, kept.modified, kept)

    def _lock(self, key: str, version: str | None) -> tuple[bool, datetime | None]:
        """Whether a lock holds this version, and until when; None for a hold without an end."""
        place = {"Key": key} | ({"VersionId": version} if version else {})
        try:
            head = self.bucket.call("head_object", **place)
        except OSError:  # gone, or a marker, which has no lock
            return False, None
        until = head.get("ObjectLockRetainUntilDate")
        if head.get("ObjectLockLegalHoldStatus") == "ON":
            return True, None
        return bool(until and until > timezone.now()), until

    def _call(self, method: str, *, missing_is_well: bool = False, **arguments: Any) -> dict[str, Any]:
        with self.bucket.explained(self.bucket.name, missing=self.bucket.nowhere):
            try:
                return self.bucket.call(method, **arguments)
            except FileNotFoundError:
                if not missing_is_well:
                    raise
                return {}
            except OSError as error:
                if error_code(error) in UNSUPPORTED:
                    raise _NotSupported from None
                if missing_is_well and error_code(error) in ("NoSuchUpload", "NoSuchKey", "NoSuchVersion"):
                    return {}
                raise

    def _refused(self, code: str) -> ConnectorError:
        if code == "AccessDenied":
            return AccessDenied(
                f"The server refuses to remove objects of {self.bucket.name}.",
                "Grant DeleteObject, and DeleteObjectVersion where the bucket keeps versions.",
            )
        return ConnectorError(
            f"The server did not remove objects of {self.bucket.name} ({code}).", "Try again."
        )


class _NotSupported(Exception):
    """The server does not know this request."""
