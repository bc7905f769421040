"""The place that the settings name: `file:///path`, or `s3://bucket/prefix`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.ledger.worm.base import Place
from audit.ledger.worm.folder import FolderPlace


def place() -> Place | None:
    """None where no export is configured. Raises ImproperlyConfigured."""
    return place_at(settings.LEDGER_WORM) if settings.LEDGER_WORM else None


def place_at(url: str) -> Place:
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return FolderPlace(Path(unquote(parts.path)), immutable=settings.LEDGER_WORM_IMMUTABLE)
    if parts.scheme == "s3" and parts.hostname:
        try:
            from audit.ledger.worm.bucket import BucketPlace  # noqa: PLC0415  botocore is an extra
        except ImportError:
            raise ImproperlyConfigured("An export to S3 needs the extra [aws]: install it.") from None
        return BucketPlace(parts.hostname, parts.path, options=settings.LEDGER_WORM_OPTIONS)
    raise ImproperlyConfigured("LEDGER_WORM is file:///a/folder or s3://bucket/prefix.")
