"""The versions of objects that a bucket keeps, and how they go for good.

Deleting an object without naming a version only hides it behind a marker. What Object Lock keeps cannot go before its
day; a legal hold has none. Source: Amazon S3 User Guide, "Working with object versions" and "Object Lock".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.connectors.base import AccessDenied
from catalog.connectors.s3_bucket import Bucket, error_code

WITHOUT = ("NotImplemented", "MethodNotAllowed", "NoSuchBucket", "InvalidRequest")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object; `marker`: it only says that the object was deleted."""

    key: str
    id: str
    current: bool
    marker: bool


def versions(bucket: Bucket, prefix: str) -> Iterator[Version]:
    """Those of the keys that begin with `prefix`; none where the server knows no versions."""
    following: dict[str, str] = {}
    while True:
        try:
            page = bucket.call("list_object_versions", Prefix=prefix, **following)
        except OSError as error:
            if error_code(error) in WITHOUT and not isinstance(error, PermissionError):
                return
            raise
        for kind in ("Versions", "DeleteMarkers"):
            for found in page.get(kind, ()):
                marker = kind == "DeleteMarkers"
                if found["Key"].endswith("/"):  # some servers list folders
                    continue
                yield Version(found["Key"], found["VersionId"], bool(found["IsLatest"]), marker)
        if not page.get("IsTruncated"):
            return
        following = {
            name: page[f"Next{name}"] for name in ("KeyMarker", "VersionIdMarker") if page.get(f"Next{name}")
        }


def purge(bucket: Bucket, prefix: str, gone: Callable[[Version], bool]) -> None:
    """Delete the versions that `gone` names for good. What Object Lock keeps stays; AccessDenied without the right."""
    for version in list(versions(bucket, prefix)):
        if not gone(version) or (version.current and version.id == "null" and not version.marker):
            continue
        try:
            with suppress(FileNotFoundError):
                bucket.call("delete_object", Key=version.key, VersionId=version.id)
        except OSError:
            if not is_locked(bucket, version):
                raise AccessDenied(
                    "No right to delete old versions of objects in the bucket.",
                    "Grant the console's key s3:DeleteObjectVersion.",
                ) from None


def locked_until(bucket: Bucket, version: Version) -> datetime | None:
    """The day until which Object Lock keeps it; None where it does not, or says no day."""
    return _head(bucket, version).get("ObjectLockRetainUntilDate")


def is_locked(bucket: Bucket, version: Version) -> bool:
    head = _head(bucket, version)
    return bool(head.get("ObjectLockMode")) or head.get("ObjectLockLegalHoldStatus") == "ON"


def _head(bucket: Bucket, version: Version) -> dict[str, Any]:
    try:
        return bucket.call("head_object", Key=version.key, VersionId=version.id)
    except OSError:
        return {}
