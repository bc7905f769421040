"""Which key management services this process may use, by `KMS_URL`: the first wraps, all of them unwrap.

Several addresses stand one after the other with blanks between: that is how one moves from a service to the next. The
console's own ring always unwraps what it has wrapped.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from retention.vault.kms import registry
from retention.vault.kms.base import Kms, KmsError, KmsRefused

LOCAL = "local:"


def active() -> Kms:
    """The service that new data keys are wrapped by. Raises KmsError for an address that cannot be right."""
    return _services()[0]


def holding(kind: str, reference: str) -> Kms:
    """The service that has this key. Raises KmsRefused where no address leads there."""
    for service in _services():
        if (service.kind, service.reference) == (kind, reference):
            return service
    raise KmsRefused(
        f"No address leads to the key {kind} {reference}.", "Add the address of its service to KMS_URL."
    )


def _services() -> tuple[Kms, ...]:
    # An executor of another engine has not been told where the settings are.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    return _opened(settings.KMS_URL, settings.KMS_TOKEN, str(settings.KMS_TOKEN_FILE or ""))


@cache
def _opened(addresses: str, token: str, token_file: str) -> tuple[Kms, ...]:
    asked = [_open(address, token, token_file) for address in addresses.split() or [LOCAL]]
    if not any(service.kind == "local" for service in asked):
        asked.append(_open(LOCAL, "", ""))
    return tuple(asked)


def _open(address: str, token: str, token_file: str) -> Kms:
    parts = urlsplit(address)
    kind = parts.scheme.partition("+")[0]
    try:
        cls = registry.get(kind)
    except KeyError as unknown:
        raise KmsError(f"KMS_URL: {unknown.args[0]}") from None
    return cls(parts, token=token, token_file=Path(token_file) if token_file else None)
