"""Key management services: what one wraps, it alone unwraps, in the same context alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retention.vault import configured
from retention.vault.kms import registry
from retention.vault.kms.base import Kms, KmsError, KmsRefused, KmsUnavailable
from tests.services.fake_kms import ACCESS_KEY, FakeKms, fake_kms
from tests.services.openbao import OpenBao, open_bao

MATERIAL = bytes(range(32))
CONTEXT = {"purpose": "test", "key": "orders", "version": "1"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKms]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never-checked-by-a-fake")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with fake_kms() as server:
        server.create_key("console")
        yield server


def transit(server: OpenBao, key: str, settings, *, token: str = "") -> Kms:
    settings.KMS_URL, settings.KMS_TOKEN = server.kms_url(key), token or server.token
    return configured.active()


def aws_key(server: FakeKms, settings, key: str = "console") -> Kms:
    settings.KMS_URL = f"aws-kms://eu-central-1/{key}?endpoint={server.url}"
    return configured.active()


@pytest.fixture(params=["local", "transit", "aws-kms"])
def kms(request: pytest.FixtureRequest, settings) -> Kms:
    if request.param == "transit":
        server = request.getfixturevalue("openbao")
        return transit(server, server.create_key(), settings)
    if request.param == "aws-kms":
        return aws_key(request.getfixturevalue("aws"), settings)
    settings.KMS_URL = "local:"
    return configured.active()


def test_every_kind_is_tried_here():
    assert list(registry.classes) == ["aws-kms", "local", "transit"]


def test_what_is_wrapped_is_unwrapped_in_its_own_context_alone(kms: Kms):
    wrapped = kms.wrap(MATERIAL, CONTEXT)
    assert MATERIAL not in wrapped
    assert kms.wrap(MATERIAL, CONTEXT) != wrapped
    assert kms.unwrap(wrapped, CONTEXT) == MATERIAL
    with pytest.raises(KmsRefused):
        kms.unwrap(wrapped, {**CONTEXT, "version": "2"})
    altered = wrapped[:-3] + bytes([wrapped[-3] ^ 1]) + wrapped[-2:]
    with pytest.raises(KmsRefused):
        kms.unwrap(altered, CONTEXT)
    for nonsense in (b"", b"\xff\xfe", b"vault:v1:", b"\x01\xff" * 40):
        with pytest.raises(KmsError):
            kms.unwrap(nonsense, CONTEXT)


def test_a_rotated_transit_key_still_opens_what_it_wrapped(openbao: OpenBao, settings):
    key = openbao.create_key()
    kms = transit(openbao, key, settings)
    before = kms.wrap(MATERIAL, CONTEXT)
    openbao.client.secrets.transit.rotate_key(key)
    after = kms.wrap(MATERIAL, CONTEXT)
    assert (before[:9], after[:9]) == (b"vault:v1:", b"vault:v2:")
    assert kms.unwrap(before, CONTEXT) == kms.unwrap(after, CONTEXT) == MATERIAL


def test_a_wrong_token_is_refused_with_the_remedy_and_without_the_token(openbao: OpenBao, settings):
    kms = transit(openbao, openbao.create_key(), settings, token="s.wrong-token")
    with pytest.raises(
        KmsRefused, match=r"^The transit key service refuses our token\. Set KMS_TOKEN"
    ) as told:
        kms.wrap(MATERIAL, CONTEXT)
    assert "wrong-token" not in str(told.value)


def test_a_token_that_may_only_wrap_and_unwrap_is_enough(openbao: OpenBao, settings, tmp_path: Path):
    key, other = openbao.create_key(), openbao.create_key()
    policy = "\n".join(
        f'path "transit/{verb}/{key}" {{ capabilities = ["update"] }}' for verb in ("encrypt", "decrypt")
    )
    file = tmp_path / "token"
    file.write_text(openbao.create_token(policy) + "\n")
    settings.KMS_URL, settings.KMS_TOKEN_FILE = openbao.kms_url(key), file
    kms = configured.active()
    assert kms.unwrap(kms.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    settings.KMS_URL = openbao.kms_url(other)
    with pytest.raises(KmsRefused):
        configured.active().wrap(MATERIAL, CONTEXT)
    file.write_text("s.expired")  # an agent renews the file; it is read each time
    with pytest.raises(KmsRefused):
        kms.wrap(MATERIAL, CONTEXT)
    file.unlink()
    with pytest.raises(KmsUnavailable, match="Check the file that KMS_TOKEN_FILE names"):
        kms.wrap(MATERIAL, CONTEXT)


def test_a_key_that_is_not_there_is_refused(openbao: OpenBao, aws: FakeKms, settings):
    server_key = openbao.create_token(
        'path "transit/encrypt/absent" { capabilities = ["update"] }'  # without "create" none is made on the way
    )
    with pytest.raises(KmsRefused):
        transit(openbao, "absent", settings, token=server_key).wrap(MATERIAL, CONTEXT)
    with pytest.raises(KmsRefused, match=r"^The AWS key service refuses: NotFoundException\.") as told:
        aws_key(aws, settings, "absent").wrap(MATERIAL, CONTEXT)
    assert "anna" not in str(told.value)


def test_a_killed_server_is_unavailable_and_nothing_else(settings):
    with open_bao() as server:
        kms = transit(server, server.create_key(), settings)
        wrapped = kms.wrap(MATERIAL, CONTEXT)
        server.kill()
        with pytest.raises(KmsUnavailable, match=r"^The transit key service does not answer\."):
            kms.unwrap(wrapped, CONTEXT)
        with pytest.raises(KmsUnavailable):
            kms.wrap(MATERIAL, CONTEXT)


def test_a_sealed_server_is_unavailable(settings):
    with open_bao() as server:
        kms = transit(server, server.create_key(), settings)
        server.client.sys.seal()
        with pytest.raises(KmsUnavailable):
            kms.wrap(MATERIAL, CONTEXT)


@pytest.mark.parametrize("error", ["ThrottlingException", "KMSInternalException", "InternalFailure"])
def test_aws_that_cannot_now_is_unavailable(error: str, aws: FakeKms, settings):
    kms = aws_key(aws, settings)
    wrapped = kms.wrap(MATERIAL, CONTEXT)
    aws.broken = error
    with pytest.raises(KmsUnavailable, match=r"^The AWS key service does not answer\."):
        kms.unwrap(wrapped, CONTEXT)
    aws.broken = ""
    assert kms.unwrap(wrapped, CONTEXT) == MATERIAL
    assert aws.contexts == [CONTEXT, CONTEXT]


def test_aws_gone_is_unavailable_and_wrong_credentials_are_refused(aws: FakeKms, settings, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE")
    kms = aws_key(aws, settings)
    with pytest.raises(KmsRefused, match="UnrecognizedClientException"):
        kms.wrap(MATERIAL, CONTEXT)
    aws.shutdown()
    aws.server_close()
    with pytest.raises(KmsUnavailable):
        kms.wrap(MATERIAL, CONTEXT)


def test_no_credentials_are_said_to_be_missing(aws: FakeKms, settings, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(KmsRefused, match="no credentials"):
        aws_key(aws, settings).wrap(MATERIAL, CONTEXT)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("gcp-kms://project/key", "known are aws-kms, local, transit"),
        ("transit+ftp://bao/transit/key", r"Write it as transit\+https"),
        ("transit+https://bao/key-alone", r"Write it as transit\+https"),
        ("transit+https:///transit/key", r"Write it as transit\+https"),
        ("aws-kms://eu-central-1/", "Write it as aws-kms"),
    ],
)
def test_an_address_that_cannot_be_right_names_the_remedy(address: str, problem: str, settings):
    settings.KMS_URL = address
    with pytest.raises(KmsError, match=problem):
        configured.active()


def test_the_first_address_wraps_and_all_of_them_unwrap(openbao: OpenBao, settings):
    key = openbao.create_key()
    before = transit(openbao, key, settings)
    wrapped = before.wrap(MATERIAL, CONTEXT)
    settings.KMS_URL = f"local: {openbao.kms_url(key)}"
    assert configured.active().kind == "local"
    assert configured.holding("transit", f"transit/{key}").unwrap(wrapped, CONTEXT) == MATERIAL
    settings.KMS_URL = ""
    with pytest.raises(KmsRefused, match=rf"^No address leads to the key transit transit/{key}\. Add"):
        configured.holding("transit", f"transit/{key}")
    settings.KMS_URL = openbao.kms_url(key)
    assert configured.holding("local", "ring").kind == "local"
