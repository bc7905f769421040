"""Files in an S3 bucket: each object is a data set, named by its key below the prefix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from urllib.parse import urlsplit

from django import forms
from django.core.validators import RegexValidator

from catalog.connectors import s3_old_versions
from catalog.connectors.base import DataSetMissing, Lingering, Match
from catalog.connectors.file_formats import DataFile, data_file, is_data
from catalog.connectors.file_store import FileStore
from catalog.connectors.folder import EncodingForm
from catalog.connectors.object_sets import ObjectPlaces
from catalog.connectors.object_templates import TemplatesField
from catalog.connectors.s3_bucket import Bucket
from catalog.connectors.s3_objects import ObjectPlace, VersionPlace
from catalog.connectors.s3_old_versions import Version
from catalog.connectors.s3_versions import BucketObjects

COUNTED = 1000
VERSION = "?versionId="  # s3fs would take what follows for no part of the key


class S3Form(EncodingForm):
    endpoint = forms.CharField(
        required=False, help_text="http://host:port of a server that speaks S3; empty for Amazon's own."
    )
    bucket = forms.CharField(
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$", "This is not a name of a bucket.")]
    )
    prefix = forms.CharField(  # type: ignore[assignment]  # forms have a prefix of their own, and keep it
        required=False, help_text="Only keys below this folder, such as exports/2024."
    )
    region = forms.CharField(initial="us-east-1", required=False)
    access_key = forms.CharField(label="Access key")
    secret_key = forms.CharField(label="Secret key", widget=forms.PasswordInput)
    path_style = forms.BooleanField(
        initial=True,
        required=False,
        help_text="The bucket stands in the path of addresses and not in their host name.",
    )
    objects = TemplatesField()
    field_order = (
        "endpoint",
        "bucket",
        "prefix",
        "region",
        "access_key",
        "secret_key",
        "path_style",
        "encoding",
        "objects",
    )

    def clean_endpoint(self) -> str:
        endpoint = self.cleaned_data["endpoint"].rstrip("/")
        try:
            parts = urlsplit(endpoint)
            proper = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            proper = False
        secret = "@" in parts.netloc if proper else False  # also a password without a user
        if endpoint and (not proper or secret or parts.path or parts.query or parts.fragment):
            raise forms.ValidationError("Write it as https://host or http://host:port, and nothing more.")
        return endpoint

    def clean_prefix(self) -> str:
        return self.cleaned_data["prefix"].strip("/")


class S3Connector(FileStore):
    kind = "s3"
    label = "Files in an S3 bucket"
    Form = S3Form
    secret_fields = frozenset({"secret_key"})

    @property
    def bucket(self) -> Bucket:
        if self._bucket is None:
            self._bucket = Bucket(self.settings)
        return self._bucket

    _bucket: Bucket | None = None

    @property
    def prefix(self) -> str:
        prefix = (self.settings.get("prefix") or "").strip("/")
        return f"{prefix}/" if prefix else ""

    def close(self) -> None:
        if self._bucket is not None:
            self._bucket.close()
            self._bucket = None

    def check(self) -> str:
        """Reach the bucket; how many files are in it, as far as its first thousand keys tell."""
        keys = list(islice(self.bucket.keys(self.prefix), COUNTED))
        files = sum(is_data(key) for key in keys)
        at_least = "at least " if len(keys) == COUNTED else ""
        where = f"s3://{self.bucket.name}/{self.prefix}"
        return f"{at_least}{files} {'file' if files == 1 else 'files'} in {where}"

    def lineage_namespace(self) -> str:
        return f"s3://{self.settings['bucket']}"

    def lineage_name(self, data_set: str) -> str:
        return self.prefix + data_set

    def settle(self, data_set: str) -> None:
        """Delete the older versions of the object, where the bucket keeps any and none is locked."""
        self.require_writable()
        if self._template(data_set):
            return  # whole objects were removed with their versions
        with self.bucket.explained(data_set):
            key = self.prefix + data_set
            s3_old_versions.purge(
                self.bucket, key, lambda version: version.key == key and not version.current
            )

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        """The rows in older versions of the object; until when, if Object Lock keeps them till a day."""
        if self._template(data_set):
            return super().lingering(data_set, matches)
        key, rows, untils = self.prefix + data_set, 0, []
        with self.bucket.explained(data_set):
            for version in s3_old_versions.versions(self.bucket, key):
                if version.key != key or version.current or version.marker:
                    continue
                found = self._rows_of(version, data_set, matches)
                if found:
                    rows += found
                    untils.append(s3_old_versions.locked_until(self.bucket, version))
        if not rows:
            return None
        known = [until for until in untils if until is not None]
        why = f"in {len(untils)} older {'version' if len(untils) == 1 else 'versions'} of the object"
        locked = ", kept by Object Lock" if known else ""
        return Lingering(rows, max(known) if len(known) == len(untils) else None, why + locked)

    def _rows_of(self, version: Version, data_set: str, matches: Sequence[Match]) -> int:
        place = VersionPlace(self.bucket, version.key, name=data_set, version=version.id)
        file = data_file(place, name=data_set, encoding=self.settings.get("encoding") or "utf-8")
        names = set(file.schema([name for match in matches for name in match.columns]).names)
        return self.count_in(file, [match for match in matches if set(match.columns) <= names])

    def _objects(self) -> ObjectPlaces:
        return BucketObjects(self.bucket, self.prefix)

    def _names(self) -> Iterator[tuple[str, str]]:
        for key in self.bucket.keys(self.prefix):
            if is_data(key):
                yield key.removeprefix(self.prefix), _PROBLEM if VERSION in key else ""

    @contextmanager
    def _file(self, name: str) -> Iterator[DataFile]:
        if not is_data(name) or VERSION in name:
            raise DataSetMissing(f"There is no object {name} in the bucket.", "Scan the system again.")
        place = ObjectPlace(self.bucket, self.prefix + name, name=name)
        with self.bucket.explained(name):
            yield data_file(place, name=name, encoding=self.settings.get("encoding") or "utf-8")


_PROBLEM = f"Its name contains {VERSION}, which stands for something else. Rename it."
