"""A file of this machine as an object in S3, marked with the run that made it. It appears whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog.connectors.s3_bucket import DIFFERENT, Bucket, error_code
from retention.anonymization.destinations.base import DestinationError

PART_BYTES = 16 * 1024 * 1024  # S3 takes 10,000 parts: 160 GB


def head(bucket: Bucket, key: str) -> dict[str, str] | None:
    """What the object is marked with; None where there is none. Raises OSError."""
    try:
        return {
            name.lower(): value
            for name, value in bucket.call("head_object", Key=key).get("Metadata", {}).items()
        }
    except FileNotFoundError:
        return None


def upload(bucket: Bucket, key: str, path: Path, *, run: str, digest: str, replace: bool) -> None:
    """Put the file there; nothing to do where this run has. Raises DestinationError where the key is taken."""
    marks = head(bucket, key)
    if marks == {"run": run, "sha256": digest}:
        return
    if marks is not None and not replace:
        raise DestinationError(f"{key} appeared meanwhile; nothing was delivered.", "Choose another name.")
    metadata = {"run": run, "sha256": digest}
    if path.stat().st_size <= PART_BYTES:
        _put(bucket, key, path.read_bytes(), metadata, replace=replace)
    else:
        _put_parts(bucket, key, path, metadata, replace=replace)
    found = bucket.call("head_object", Key=key)
    if found["ContentLength"] != path.stat().st_size:
        raise DestinationError(f"{key} is not what was written there.", "Start the job again.")


def _put(bucket: Bucket, key: str, body: bytes, metadata: dict[str, str], *, replace: bool) -> None:
    _conditionally(bucket, "put_object", key, replace=replace, Body=body, Metadata=metadata)


def _put_parts(bucket: Bucket, key: str, path: Path, metadata: dict[str, str], *, replace: bool) -> None:
    size = max(PART_BYTES, -(-path.stat().st_size // 9_999))
    upload_id = bucket.call("create_multipart_upload", Key=key, Metadata=metadata)["UploadId"]
    try:
        parts: list[dict[str, Any]] = []
        with path.open("rb") as file:
            while piece := file.read(size):
                number = len(parts) + 1
                sent = bucket.call("upload_part", Key=key, UploadId=upload_id, PartNumber=number, Body=piece)
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        _conditionally(
            bucket,
            "complete_multipart_upload",
            key,
            replace=replace,
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
        )
    except BaseException:
        bucket.call("abort_multipart_upload", Key=key, UploadId=upload_id)
        raise


def _conditionally(bucket: Bucket, method: str, key: str, *, replace: bool, **arguments: Any) -> None:
    """Unless it may replace, the server checks that nothing is there; where it cannot, it was looked right before."""
    for condition in ({} if replace else {"IfNoneMatch": "*"}, {}):
        try:
            bucket.call(method, Key=key, **arguments, **condition)
            return
        except OSError as error:
            if error_code(error) in DIFFERENT:
                raise DestinationError(
                    f"{key} appeared meanwhile; nothing was delivered.", "Choose another name."
                ) from None
            if error_code(error) != "NotImplemented" or not condition:
                raise
