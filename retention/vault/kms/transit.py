"""A key of the transit engine of OpenBao or HashiCorp Vault: `transit+https://host:8200/<mount>/<key>`.

`?namespace=…` where the server has them. The key must be of an authenticated kind (`aes256-gcm96`, the default, or
`chacha20-poly1305`): the context of a data key is bound as associated data, so it cannot be used for another.
https://openbao.org/api-docs/secret/transit/
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from retention.vault.kms.base import SECONDS, Kms, KmsError, KmsRefused, library


class Transit(Kms):
    kind = "transit"
    label = "transit key service"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scheme = self.address.scheme.partition("+")[2]
        self.mount, _, self.key = self.address.path.strip("/").rpartition("/")
        if self.scheme not in ("http", "https") or not (self.address.hostname and self.mount and self.key):
            raise KmsError(
                "The address of the transit key service is not complete.",
                "Write it as transit+https://host:8200/transit/name-of-the-key.",
            )
        self.namespace = parse_qs(self.address.query).get("namespace", [""])[0]

    @property
    def reference(self) -> str:
        return "/".join(part for part in (self.namespace, self.mount, self.key) if part)

    def wrap(self, material: bytes, context: Mapping[str, str]) -> bytes:
        answer = self._ask(
            "encrypt_data",
            plaintext=base64.b64encode(material).decode(),
            associated_data=_associated(context),
        )
        return answer["ciphertext"].encode()

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        answer = self._ask(
            "decrypt_data",
            ciphertext=wrapped.decode("ascii", "replace"),
            associated_data=_associated(context),
        )
        return base64.b64decode(answer["plaintext"])

    def _ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        hvac = library("hvac", extra="openbao")
        requests = library("requests", extra="openbao")
        # One for each question: a process may have forked, and the token may have been renewed. A redirect would
        # carry the token to another host.
        client = hvac.Client(
            url=f"{self.scheme}://{self.address.netloc}",
            token=self.token(),
            timeout=SECONDS,
            namespace=self.namespace or None,
            allow_redirects=False,
        )
        ask: Callable[..., Any] = getattr(client.secrets.transit, verb)
        try:
            return ask(name=self.key, mount_point=self.mount, **arguments)["data"]
        except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
            raise KmsRefused(
                "The transit key service refuses our token.",
                "Set KMS_TOKEN to one whose policy allows update on encrypt and decrypt of the key.",
            ) from None
        except (hvac.exceptions.InvalidRequest, hvac.exceptions.InvalidPath):
            raise KmsRefused(
                "The transit key service refuses: there is no such key, or it did not wrap this data key.",
                "Check the name of the key in KMS_URL, and that none of its versions was removed.",
            ) from None
        except (hvac.exceptions.VaultError, requests.RequestException, TypeError, KeyError):
            raise self.unavailable() from None  # sealed, starting, overloaded, gone, or no such service at all
        finally:
            client.adapter.close()


def _associated(context: Mapping[str, str]) -> str:
    return base64.b64encode(orjson.dumps(dict(context), option=orjson.OPT_SORT_KEYS)).decode()
