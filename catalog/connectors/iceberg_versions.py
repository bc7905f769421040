"""Files of an Iceberg table that were deleted in a bucket which keeps versions: there they are only hidden."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from catalog.connectors import s3_old_versions
from catalog.connectors.base import Lingering
from catalog.connectors.iceberg_form import S3_SCHEMES
from catalog.connectors.iceberg_settling import known, strays
from catalog.connectors.s3_bucket import Bucket
from catalog.connectors.s3_old_versions import Version


def purge(settings: Mapping[str, Any], table: Any, left: Collection[str]) -> None:
    """Delete for good what the table does not need, but for the unknown files that are `left` for now.

    Nothing where the table is not on S3, or where a catalog lends the keys for it.
    """
    with _bucket(settings, table) as bucket:
        if bucket is not None:
            kept = _keys({*known(table)[0], *left})
            with bucket.explained(".".join(table.name())):
                s3_old_versions.purge(
                    bucket, _prefix(table), lambda version: not (version.current and version.key in kept)
                )


def lingering(settings: Mapping[str, Any], table: Any) -> Lingering | None:
    """Files that are deleted and still there as older versions: how many, and until when Object Lock keeps them.

    They are not read: any of them may hold rows.
    """
    with _bucket(settings, table) as bucket:
        if bucket is None:
            return None
        live, past = known(table)
        kept = _keys({*live, *(location for location, _ in strays(table, live | set(past)))})
        with bucket.explained(".".join(table.name())):
            hidden = [each for each in s3_old_versions.versions(bucket, _prefix(table)) if _hidden(each, kept)]
            untils = [s3_old_versions.locked_until(bucket, each) for each in hidden]
    if not hidden:
        return None
    days = [until for until in untils if until is not None]
    why = f"{len(hidden)} deleted {'file' if len(hidden) == 1 else 'files'} kept as older versions in the bucket"
    return Lingering(len(hidden), max(days) if len(days) == len(untils) else None, why)


def _hidden(version: Version, kept: set[str]) -> bool:
    return not version.marker and not (version.current and version.key in kept)


@contextmanager
def _bucket(settings: Mapping[str, Any], table: Any) -> Iterator[Bucket | None]:
    parts = urlsplit(table.location())
    if parts.scheme not in S3_SCHEMES or not settings.get("access_key"):
        yield None
        return
    bucket = Bucket({**settings, "bucket": parts.netloc})
    try:
        yield bucket
    finally:
        bucket.close()


def _prefix(table: Any) -> str:
    return urlsplit(table.location()).path.strip("/") + "/"


def _keys(locations: Collection[str]) -> set[str]:
    return {location.partition("://")[2].partition("/")[2] for location in locations}
