"""One object in a bucket as the place of a file: read by ranges, replaced by one conditional write.

Nothing is kept on disk: what is written goes up in parts as it comes. The new object takes the place of the
old one only if that is still the one it was made from: the server checks it (If-Match), and where it cannot,
it is compared right before. Source: Amazon S3 API reference, PutObject and CompleteMultipartUpload.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, cast
from urllib.parse import urlencode

from catalog.connectors.base import ConnectorError, Unsupported
from catalog.connectors.file_places import Place, suffix_of
from catalog.connectors.rewriting import ATTEMPTS
from catalog.connectors.s3_bucket import DIFFERENT, Bucket, error_code

READ_BYTES = 4 * 1024 * 1024
PART_BYTES = 16 * 1024 * 1024  # S3 takes 10,000 of them, each of 5 MB at least
KEPT = (
    "BucketKeyEnabled",
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Metadata",
    "SSEKMSKeyId",
    "ServerSideEncryption",
    "StorageClass",
    "WebsiteRedirectLocation",
)


class ObjectPlace(Place):
    """`name` is what messages call the object."""

    remote = True

    def __init__(self, bucket: Bucket, key: str, *, name: str) -> None:
        self.bucket = bucket
        self.key = key
        self.name = name

    @property
    def suffix(self) -> str:
        return suffix_of(self.key)

    def size(self) -> int:
        return self._head()["ContentLength"]

    def open(self) -> BinaryIO:
        raw = self._opened(cache_type="readahead", block_size=READ_BYTES)
        return cast(BinaryIO, io.BufferedReader(raw, READ_BYTES // 4))

    def open_ranges(self) -> Any:
        return self._opened(cache_type="none")

    def require_replaceable(self) -> None:
        """AccessDenied without the right to write. Where the bucket keeps versions, they go when it is settled."""
        upload = self.bucket.call("create_multipart_upload", Key=self.key)["UploadId"]
        self.bucket.call("abort_multipart_upload", Key=self.key, UploadId=upload)

    def rewrite(self, write: Callable[[BinaryIO], bool]) -> None:
        """As `Place.rewrite`. The new object keeps metadata, tags, storage class and encryption, not an ACL."""
        for _ in range(ATTEMPTS):
            draft = Draft(self.bucket, self.key, self._head())
            try:
                if not write(cast(BinaryIO, draft)):
                    return
                etag = self._put(draft)
            finally:
                draft.abandon()
            if etag:
                self._verify(draft, etag)
                return
        raise ConnectorError(
            f"{self.name} changed while it was rewritten, {ATTEMPTS} times; nothing was written.",
            "Stop what writes to it, then try again.",
        )

    def _put(self, draft: Draft) -> str:
        """The new object's ETag; empty where the old one is not there as it was read."""
        if self._head()["ETag"] != draft.old["ETag"]:
            return ""
        for condition in ({"IfMatch": draft.old["ETag"]}, {}):
            try:
                return draft.put(condition)
            except OSError as error:
                if error_code(error) in DIFFERENT:
                    return ""
                if error_code(error) != "NotImplemented" or not condition:
                    raise
        raise AssertionError("unreachable")

    def _verify(self, draft: Draft, etag: str) -> None:
        found = self._head()
        if (found["ContentLength"], found["ETag"]) != (draft.tell(), etag):
            raise ConnectorError(
                f"{self.name} is not what was written: something else wrote to it at once.",
                "Stop what writes to it, then look for the rows again.",
            )

    def _head(self) -> dict[str, Any]:
        return self.bucket.call("head_object", Key=self.key)

    def _opened(self, **options: Any) -> Any:
        return self.bucket.files.open(f"{self.bucket.name}/{self.key}", "rb", **options)


class VersionPlace(ObjectPlace):
    """An old version of an object, only to be read."""

    def __init__(self, bucket: Bucket, key: str, *, name: str, version: str) -> None:
        super().__init__(bucket, key, name=name)
        self.version = version

    def rewrite(self, write: Callable[[BinaryIO], bool]) -> None:
        raise Unsupported(f"An old version of {self.name} cannot be rewritten.", "It is deleted as a whole.")

    def _head(self) -> dict[str, Any]:
        return self.bucket.call("head_object", Key=self.key, VersionId=self.version)

    def _opened(self, **options: Any) -> Any:
        path = f"{self.bucket.name}/{self.key}"
        return self.bucket.versioned_files.open(path, "rb", version_id=self.version, **options)


class Draft(io.RawIOBase):
    """The content to come in the place of an object, whose head is `old`."""

    def __init__(self, bucket: Bucket, key: str, old: dict[str, Any]) -> None:
        self.bucket = bucket
        self.key = key
        self.old = old
        self._buffer = bytearray()
        self._sent = 0
        self._upload = ""
        self._parts: list[dict[str, Any]] = []

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._sent + len(self._buffer)

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._buffer += data
        while len(self._buffer) >= 2 * PART_BYTES:  # the last part is never too small
            self._send(PART_BYTES)
        return size

    def put(self, condition: dict[str, str]) -> str:
        """Make it the object if `condition` holds; its ETag."""
        if not self._upload:
            body = bytes(self._buffer)
            return self.bucket.call("put_object", Key=self.key, Body=body, **self._kept(), **condition)[
                "ETag"
            ]
        if len(self._buffer):
            self._send(len(self._buffer))
        done = self.bucket.call(
            "complete_multipart_upload",
            Key=self.key,
            UploadId=self._upload,
            MultipartUpload={"Parts": self._parts},
            **condition,
        )
        self._upload = ""
        return done["ETag"]

    def abandon(self) -> None:
        """Take back what was sent and did not become the object."""
        if self._upload:
            with suppress(OSError):  # what was wrong before is what matters
                self.bucket.call("abort_multipart_upload", Key=self.key, UploadId=self._upload)
            self._upload = ""

    def _send(self, many: int) -> None:
        if not self._upload:
            self._upload = self.bucket.call("create_multipart_upload", Key=self.key, **self._kept())[
                "UploadId"
            ]
        number = len(self._parts) + 1
        sent = self.bucket.call(
            "upload_part",
            Key=self.key,
            UploadId=self._upload,
            PartNumber=number,
            Body=bytes(self._buffer[:many]),
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        del self._buffer[:many]
        self._sent += many

    def _kept(self) -> dict[str, Any]:
        kept = {name: self.old[name] for name in KEPT if self.old.get(name)}
        try:
            tags = self.bucket.call("get_object_tagging", Key=self.key)["TagSet"]
        except OSError as error:
            if error_code(error) not in ("NotImplemented", "NoSuchTagSet"):
                raise
            tags = []
        return kept | ({"Tagging": urlencode([(tag["Key"], tag["Value"]) for tag in tags])} if tags else {})
