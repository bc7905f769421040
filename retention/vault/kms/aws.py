"""A symmetric key of AWS KMS: `aws-kms://region/key-id`, an id, an alias (`alias/console`) or an ARN.

Credentials come as botocore finds them: the environment, a profile, the role of the machine. `?endpoint=…` for a
private endpoint. The context of a data key is its encryption context, which stands in CloudTrail: it names keys, never
persons. https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from retention.vault.kms.base import SECONDS, Kms, KmsError, KmsRefused, library

# The service's own words for "not now"; all its other errors are a no.
PASSING = {
    "DependencyTimeoutException",
    "InternalFailure",
    "KeyUnavailableException",
    "KMSInternalException",
    "ServiceUnavailable",
    "ThrottlingException",
}


class AwsKms(Kms):
    kind = "aws-kms"
    label = "AWS key service"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region = self.address.hostname or ""
        self.key = unquote(self.address.path.strip("/"))
        self._clients: dict[int, Any] = {}
        self.endpoint = parse_qs(self.address.query).get("endpoint", [None])[0]
        if not (self.region and self.key):
            raise KmsError(
                "The address of the AWS key is not complete.",
                "Write it as aws-kms://eu-central-1/id-of-the-key.",
            )

    @property
    def reference(self) -> str:
        return f"{self.region}/{self.key}"

    def wrap(self, material: bytes, context: Mapping[str, str]) -> bytes:
        return self._ask("encrypt", Plaintext=material, EncryptionContext=dict(context))["CiphertextBlob"]

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        return self._ask("decrypt", CiphertextBlob=wrapped, EncryptionContext=dict(context))["Plaintext"]

    def _ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        exceptions = library("botocore.exceptions", extra="aws")
        try:
            return getattr(self._client(), verb)(KeyId=self.key, **arguments)
        except exceptions.ClientError as refusal:
            code = refusal.response.get("Error", {}).get("Code", "")
            if code in PASSING or refusal.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise self.unavailable() from None
            raise KmsRefused(
                f"The AWS key service refuses: {code}.",
                "Check the key in KMS_URL, and that our role may kms:Encrypt and kms:Decrypt with it.",
            ) from None
        except exceptions.NoCredentialsError:
            raise KmsRefused(
                "There are no credentials for the AWS key service.",
                "Set them as for any AWS client: by environment, profile or the machine's role.",
            ) from None
        except exceptions.ParamValidationError:
            raise KmsRefused("The AWS key service did not wrap this data key.") from None
        except (exceptions.BotoCoreError, ValueError):
            raise self.unavailable() from None

    def _client(self) -> Any:
        """Made once, which takes its time, for each process: a forked one must not share connections."""
        if (client := self._clients.get(os.getpid())) is None:
            session = library("botocore.session", extra="aws")
            config = library("botocore.config", extra="aws").Config(
                connect_timeout=SECONDS,
                read_timeout=SECONDS,
                retries={"total_max_attempts": 2},
                ignore_configured_endpoint_urls=True,
            )
            client = self._clients[os.getpid()] = session.Session().create_client(
                "kms", region_name=self.region, endpoint_url=self.endpoint, config=config
            )
        return client
