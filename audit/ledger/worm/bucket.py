"""An S3 bucket with Object Lock in compliance mode: not even its owner can delete a version before its day."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from audit.ledger.worm.base import Kept, Place, WormProblem

COMPLIANCE = "COMPLIANCE"


class BucketPlace(Place):
    scheme = "s3"

    def __init__(self, bucket: str, prefix: str, *, options: Mapping[str, str]) -> None:
        """`options`: endpoint, region, access_key, secret_key; what is left out comes from botocore's own places."""
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self.client: Any = Session().create_client(
            "s3",
            endpoint_url=options.get("endpoint") or None,
            region_name=options.get("region") or "us-east-1",
            aws_access_key_id=options.get("access_key") or None,
            aws_secret_access_key=options.get("secret_key") or None,
            config=Config(
                connect_timeout=10,
                read_timeout=60,
                retries={"max_attempts": 3, "mode": "standard"},
                s3={"addressing_style": "path"} if options.get("endpoint") else {},
            ),
        )

    @property
    def label(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def put(self, name: str, content: bytes, *, until: datetime) -> Kept:
        try:
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=self._key(name),
                Body=content,
                ObjectLockMode=COMPLIANCE,
                ObjectLockRetainUntilDate=until,
                ChecksumSHA256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
                IfNoneMatch="*",
            )
            version = answer.get("VersionId", "")
        except ClientError as problem:
            if _status(problem) != 412:
                raise self._said(problem, f"{name} was not taken") from problem
            version = self._version_with(name, content)
        except BotoCoreError as problem:
            raise self._said(problem, f"{name} was not taken") from problem
        return Kept(version, self._protection(name, version, until))

    def get(self, name: str) -> bytes:
        try:
            body: bytes = self.client.get_object(Bucket=self.bucket, Key=self._key(name))["Body"].read()
        except (ClientError, BotoCoreError) as problem:
            raise self._said(problem, f"{name} cannot be read back") from problem
        return body

    def names(self, below: str = "") -> Iterator[str]:
        start = f"{self.prefix}/" if self.prefix else ""
        pages = self.client.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self.bucket, Prefix=start + below):
                for each in page.get("Contents", []):
                    yield each["Key"].removeprefix(start)
        except (ClientError, BotoCoreError) as problem:
            raise self._said(problem, "the objects cannot be listed") from problem

    def prove(self) -> str:
        """A canary locked for a day: deleting its version and shortening its time must both be refused."""
        name = f"canary/{secrets.token_hex(8)}"
        until = datetime.now(UTC) + timedelta(days=1)
        kept = self.put(name, b"canary", until=until)
        where = {"Bucket": self.bucket, "Key": self._key(name), "VersionId": kept.version}
        sooner = {"Mode": COMPLIANCE, "RetainUntilDate": datetime.now(UTC) + timedelta(minutes=5)}
        attempts = (
            lambda: self.client.delete_object(**where, BypassGovernanceRetention=True),
            lambda: self.client.put_object_retention(
                **where, Retention=sooner, BypassGovernanceRetention=True
            ),
        )
        for attempt in attempts:
            try:
                attempt()
            except ClientError:
                continue
            return ""
        return kept.protection

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _version_with(self, name: str, content: bytes) -> str:
        """The version that is there already, if it has this content."""
        if self.get(name) != content:
            raise WormProblem(
                f"{self.label}/{name} is there already with other content: it was not written again."
            )
        version: str = self.client.head_object(Bucket=self.bucket, Key=self._key(name)).get("VersionId", "")
        return version

    def _protection(self, name: str, version: str, until: datetime) -> str:
        try:
            answer = self.client.get_object_retention(
                Bucket=self.bucket, Key=self._key(name), VersionId=version
            )["Retention"]
        except (ClientError, BotoCoreError, KeyError) as problem:
            raise WormProblem(
                f"{self.label}/{name} has no lock: make the bucket with Object Lock, and allow GetObjectRetention."
            ) from problem
        if answer["Mode"] != COMPLIANCE or answer["RetainUntilDate"] < until - timedelta(minutes=1):
            raise WormProblem(
                f"{self.label}/{name} is locked in mode {answer['Mode']}, or for too short a time."
            )
        return f"Object Lock, compliance, until {answer['RetainUntilDate']:%Y-%m-%d}"

    def _said(self, problem: Exception, what: str) -> WormProblem:
        code = problem.response["Error"].get("Code", "") if isinstance(problem, ClientError) else ""
        return WormProblem(f"{self.label}: {what} ({code or type(problem).__name__}).")


def _status(problem: ClientError) -> int:
    status: int = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status
