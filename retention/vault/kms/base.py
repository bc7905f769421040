"""What every key management service offers: it wraps our data keys under a key that never leaves it.

It knows nothing of the database, so that a worker or an executor elsewhere opens the same keys.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import ClassVar
from urllib.parse import SplitResult

from retention.anonymization.techniques.base import TechniqueError

SECONDS = 5.0  # for an answer; a key is asked for rarely, and a job waits for it


class KmsError(TechniqueError):
    """A data key could not be wrapped or unwrapped. Neither message nor remedy holds a key or a token."""


class KmsUnavailable(KmsError):
    """The service does not answer, or not now: what was asked can be tried again."""


class KmsRefused(KmsError):
    """The service answers and says no: a wrong token, no such key, or bytes that it did not wrap."""


class Kms(ABC):
    """One key of one service, named by an address such as `transit+https://host:8200/transit/console`.

    A subclass sets `kind`, the scheme of its addresses up to a plus sign, and `label`. `token` is the secret to sign
    in with, or `token_file` where it is read from at each use, because agents renew it.
    """

    kind: ClassVar[str]
    label: ClassVar[str]

    def __init__(self, address: SplitResult, *, token: str = "", token_file: Path | None = None) -> None:
        self.address = address
        self._token = token
        self._token_file = token_file

    @property
    @abstractmethod
    def reference(self) -> str:
        """Which key of which service, without the host: it stays the same when the service moves."""

    @abstractmethod
    def wrap(self, material: bytes, context: Mapping[str, str]) -> bytes:
        """`material` as only this key opens it, and only with the same `context`. Raises KmsError."""

    @abstractmethod
    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """What was wrapped. Raises KmsError."""

    def token(self) -> str:
        if self._token_file is None:
            return self._token
        try:
            return self._token_file.read_text().strip()
        except OSError:
            raise KmsUnavailable(
                f"The token of the {self.label} cannot be read.", "Check the file that KMS_TOKEN_FILE names."
            ) from None

    def unavailable(self) -> KmsUnavailable:
        return KmsUnavailable(
            f"The {self.label} does not answer.", "Check that it runs and can be reached, then go on."
        )


def library(module: str, *, extra: str) -> ModuleType:
    """A library that only one service needs, loaded at first use. Raises KmsError naming the extra to install."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise KmsError(
            f"The library {module.split('.')[0]} is not installed here.", f"Install the extra [{extra}]."
        ) from None
