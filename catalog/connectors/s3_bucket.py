"""One S3 bucket through s3fs: what is in it, and its errors in our words."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any

from catalog.connectors import extras
from catalog.connectors.base import AccessDenied, ConnectorError, DataSetMissing, Unreachable

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30  # also between two pieces of one answer
ATTEMPTS = 2
DIFFERENT = ("PreconditionFailed", "ConditionalRequestConflict")


class Bucket:
    """The bucket that a connector's settings name; nothing is connected before the first question."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.name: str = settings["bucket"]
        self.endpoint: str = settings.get("endpoint") or ""
        self._settings = settings

    @cached_property
    def files(self) -> Any:
        """The file system of s3fs, kept by nobody else: other settings make another one."""
        return self._made(version_aware=False)

    @cached_property
    def versioned_files(self) -> Any:
        """The same for old versions of objects, which it opens by their `version_id`."""
        return self._made(version_aware=True)

    def _made(self, *, version_aware: bool) -> Any:
        settings = self._settings
        found = extras.load("s3fs", extra="s3").S3FileSystem(
            key=settings["access_key"],
            secret=settings["secret_key"],
            endpoint_url=self.endpoint or None,
            client_kwargs={"region_name": settings.get("region") or "us-east-1"},
            config_kwargs={
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": ANSWER_SECONDS,
                "retries": {"total_max_attempts": 1},  # s3fs does that
                "s3": {"addressing_style": "path" if settings.get("path_style", True) else "virtual"},
            },
            use_listings_cache=False,
            skip_instance_cache=True,
            version_aware=version_aware,
            session=_session(),
        )
        found.retries = ATTEMPTS
        return found

    def close(self) -> None:
        """Give back the connections."""
        for name in ("files", "versioned_files"):
            files = self.__dict__.pop(name, None)
            if files is not None and getattr(files, "_s3", None) is not None:
                files.close_session(files.loop, files.s3)

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One request of the S3 API to this bucket."""
        return self.files.call_s3(method, Bucket=self.name, **arguments)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, sorted as the server does: a thousand in each request."""
        following: dict[str, str] = {}
        while True:
            with self.explained(self.name, missing=self.nowhere):
                page = self.call("list_objects_v2", Prefix=prefix, **following)
            yield from (found["Key"] for found in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            following = {"ContinuationToken": page["NextContinuationToken"]}

    @property
    def nowhere(self) -> ConnectorError:
        return Unreachable(f"There is no bucket {self.name}.", "Check its name, its endpoint and its region.")

    @contextmanager
    def explained(self, name: str, *, missing: ConnectorError | None = None) -> Iterator[None]:
        """Errors while something is done with `name` come out as ConnectorErrors, without what the server said."""
        network = (
            extras.load("botocore.exceptions", extra="s3").BotoCoreError,
            extras.load("aiohttp", extra="s3").ClientError,
            TimeoutError,
        )
        try:
            yield
        except FileNotFoundError:
            raise missing or DataSetMissing(
                f"There is no object {name} in the bucket.", "Scan the system again."
            ) from None
        except PermissionError:
            raise AccessDenied(
                f"The server refuses access to {name}.",
                "Check the access key and its secret, and which rights they have on the bucket.",
            ) from None
        except network:
            raise Unreachable(
                f"No answer from {self.endpoint or 'S3'} about {name}.",
                "Check the endpoint, and that the console's machine may connect to it.",
            ) from None
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise ConnectorError(f"{name} changed while it was read.", "Try again.") from None
            code = error_code(error)
            raise Unreachable(
                f"The server refused a request for {name}{f' ({code})' if code else ''}.",
                "Check endpoint, region and bucket.",
            ) from None


@cache
def _session() -> Any:
    """The description of S3's API, read once; keys are given to each client."""
    return extras.load("aiobotocore.session", extra="s3").AioSession()


def error_code(error: BaseException) -> str:
    """What S3 calls the error; empty where it is none of S3's."""
    return str(getattr(error.__cause__, "response", {}).get("Error", {}).get("Code", ""))
