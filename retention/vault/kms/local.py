"""The console's own key ring: nothing else to run, and as safe as the machine that it is on."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from django.core.exceptions import ImproperlyConfigured

from governance.keyring.sealing import CannotOpen, open_sealed, seal
from retention.vault.kms.base import Kms, KmsRefused, KmsUnavailable

PURPOSE = "data key"


class Local(Kms):
    kind = "local"
    label = "key ring"

    @property
    def reference(self) -> str:
        return "ring"

    def wrap(self, material: bytes, context: Mapping[str, str]) -> bytes:
        try:
            return seal(material, purpose=PURPOSE, bound_to=_bound(context))
        except ImproperlyConfigured as problem:
            raise KmsUnavailable(str(problem)) from None

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        try:
            return open_sealed(wrapped, purpose=PURPOSE, bound_to=_bound(context))
        except ImproperlyConfigured as problem:
            raise KmsUnavailable(str(problem)) from None
        except CannotOpen as problem:
            raise KmsRefused(str(problem)) from None
        except ValueError:
            raise KmsRefused("The key ring did not wrap this data key.") from None


def _bound(context: Mapping[str, str]) -> str:
    return orjson.dumps(dict(context), option=orjson.OPT_SORT_KEYS).decode()
