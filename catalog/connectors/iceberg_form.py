"""The settings of an Apache Iceberg catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django import forms
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from catalog.connectors.base import AccessDenied
from catalog.connectors.folder_paths import require_allowed

SQL, REST = "sql", "rest"
ORPHAN_DAYS = 3
S3_SCHEMES = ("s3", "s3a", "s3n")


class IcebergForm(forms.Form):
    catalog = forms.ChoiceField(initial=REST, choices=[(REST, "REST catalog"), (SQL, "SQL catalog")])
    uri = forms.CharField(
        label="URI",
        help_text="REST: https://host/path. SQL: postgresql://user@host/database or sqlite:////path/to/file.",
    )
    password = forms.CharField(
        required=False, widget=forms.PasswordInput(), strip=False, help_text="Of the SQL catalog's user."
    )
    catalog_name = forms.CharField(
        required=False,
        initial="default",
        help_text="Of several catalogs in one SQL database, the one to read.",
    )
    token = forms.CharField(required=False, widget=forms.PasswordInput(), help_text="Bearer token for REST.")
    credential = forms.CharField(
        required=False, widget=forms.PasswordInput(), help_text="For REST with OAuth: client:secret."
    )
    warehouse = forms.CharField(
        required=False, help_text="s3://bucket/path, an absolute folder, or what the REST catalog calls it."
    )
    namespaces = forms.CharField(
        required=False, help_text="Names or patterns like sales*, separated by commas; empty for all."
    )
    endpoint = forms.CharField(
        label="S3 endpoint", required=False, help_text="http://host:port; empty for Amazon's own."
    )
    region = forms.CharField(label="S3 region", initial="us-east-1", required=False)
    access_key = forms.CharField(label="S3 access key", required=False)
    secret_key = forms.CharField(label="S3 secret key", required=False, widget=forms.PasswordInput)

    drop_refs = forms.BooleanField(
        label="Remove branches and tags that hold erased rows",
        required=False,
        help_text="Otherwise an erasure from a table is refused while a branch or tag of it still holds the rows.",
    )
    orphan_days = forms.IntegerField(
        label="Days that unknown files stay",
        initial=ORPHAN_DAYS,
        min_value=0,
        max_value=365,
        required=False,
        help_text="Files below a table that no version of it names may belong to somebody who is writing just now.",
    )

    def clean_endpoint(self) -> str:
        return _http_url(self.cleaned_data["endpoint"].rstrip("/"))

    def clean_warehouse(self) -> str:
        warehouse = self.cleaned_data["warehouse"].rstrip("/")
        folder = local_path(warehouse)
        if folder is not None:
            _require_allowed(folder)
        elif "://" in warehouse and urlsplit(warehouse).scheme not in S3_SCHEMES:
            raise forms.ValidationError("Write s3://bucket/path or an absolute folder.")
        return warehouse

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("uri") and cleaned.get("catalog"):
            try:
                if cleaned["catalog"] == REST:
                    _http_url(cleaned["uri"])
                else:
                    _require_sql(cleaned["uri"])
            except forms.ValidationError as error:
                self.add_error("uri", error)
        if bool(cleaned.get("access_key")) != bool(cleaned.get("secret_key")):
            self.add_error("secret_key", "An access key and its secret go together.")
        return cleaned


def local_path(location: str) -> Path | None:
    """The path that an address of a file or folder on this machine means to PyIceberg; None for any other."""
    if location.startswith("/"):
        return Path(location)
    parts = urlsplit(location)
    local = parts.scheme == "file" and not parts.netloc
    return Path(parts.path) if local else None


def sql_url(uri: str) -> URL:
    """`uri` as SQLAlchemy reads it. Raises ValidationError unless it is one of PostgreSQL or SQLite."""
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        raise forms.ValidationError("This is no URL of a database.") from None
    if url.get_backend_name() not in ("postgresql", "sqlite"):
        raise forms.ValidationError("SQL catalogs are read from PostgreSQL and SQLite.")
    return url


def _require_sql(uri: str) -> None:
    url = sql_url(uri)
    if url.password is not None:
        raise forms.ValidationError("Write the password in its own field.")
    if url.query:
        raise forms.ValidationError("Write no options after a question mark.")
    if url.get_backend_name() == "sqlite":
        _require_allowed(Path(url.database or ""))
    elif not url.host or not url.database:
        raise forms.ValidationError("Write it as postgresql://user@host:port/database.")


def _http_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        proper = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        proper = False
    if url and not proper:
        raise forms.ValidationError("Write a URL that begins with http:// or https://.")
    if url and (parts.username is not None or parts.query or parts.fragment):
        raise forms.ValidationError("Write secrets in their own fields, and nothing after the path.")
    return url


def _require_allowed(path: Path) -> None:
    try:
        require_allowed(path)
    except AccessDenied as error:
        raise forms.ValidationError(str(error)) from None
