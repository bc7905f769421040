"""Re-keying: nothing stays under an older version, nothing is lost, whoever dies or goes down on the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings as project
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from governance.console.jobs import revive
from governance.console.models import Job
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import material, rekeying
from retention.vault.detokenizing import resolve
from retention.vault.keyring import Keyring, bundle, create, rotate
from retention.vault.models import Key, KeyVersion, PersonKey, Token
from retention.vault.rekeying import under_old_versions
from retention.vault.tokens import TokenVault
from tests.retention.vault.test_tokens import random_tokens
from tests.services.openbao import OpenBao, open_bao

PERSONS = [f"c-{number}" for number in range(25)]


class Vault:
    """Tokens of persons and of nobody, keys of persons, and what opened them before."""

    def __init__(self, *, more: int = 0) -> None:
        self.orders = create("orders")
        self.secrets = bundle(["orders"]).of_persons("orders", PERSONS)
        self.values = [f"{person}@x" for person in PERSONS] + [
            f"info-{number}" for number in range(25 + more)
        ]
        persons = [*PERSONS, *[None] * (25 + more)]
        self.tokens = TokenVault().issue("email", self.values, fresh=random_tokens, persons=persons)

    def rotate(self) -> None:
        rotate(self.orders)
        rotate(Key.objects.get(name="vault.tokens"))

    def check(self, by) -> None:
        assert Keyring().of_persons("orders", PERSONS) == self.secrets
        answers = resolve("email", self.tokens[:80], reason="test", by=by)
        assert [answer.value for answer in answers] == self.values[:80]


@pytest.fixture
def vault(db, monkeypatch) -> Vault:
    monkeypatch.setattr(rekeying, "AT_ONCE", 10)
    return Vault()


def test_everything_is_brought_under_the_newest_versions(vault: Vault, amir, work, sequenced):
    vault.rotate()
    assert under_old_versions() == 25 + 25 + 25  # keys under orders, keys for tokens, tokens of nobody
    rekeying.request()
    (job,) = work()
    assert (job.state, job.message) == ("done", "Read back: nothing is under an older version.")
    assert (job.done, job.total) == (75 + 5, 75 + 5)
    assert under_old_versions() == 0
    assert set(PersonKey.objects.values_list("version__number", flat=True)) == {2}
    assert set(Token.objects.exclude(version=None).values_list("version__number", flat=True)) == {2}
    assert sequenced()[-2].content["facts"] == {
        "kms": "local",
        "wrapped_by": "ring",
        "versions": 5,
        "person_keys": 50,
        "tokens": 50,
        "under_old_versions": 0,
    }
    vault.check(amir)
    assert bundle(["orders"]).version("orders/1").id == "orders/1"  # for what lies elsewhere


def test_one_job_is_at_it_at_a_time(vault: Vault, work):
    first = rekeying.request()
    assert rekeying.request() == first
    assert len(work()) == 1
    assert rekeying.request() != first


def test_data_keys_move_to_the_service_in_force(vault: Vault, amir, work, settings, openbao: OpenBao):
    before = {str(version): bytes(version.wrapped) for version in KeyVersion.objects.select_related("key")}
    settings.KMS_URL, settings.KMS_TOKEN = openbao.kms_url(openbao.create_key()), openbao.token
    assert under_old_versions() == 3
    rekeying.request()
    (job,) = work()
    assert job.state == "done"
    assert under_old_versions() == 0
    assert set(KeyVersion.objects.values_list("kms", flat=True)) == {"transit"}
    for version in KeyVersion.objects.select_related("key"):
        assert bytes(version.wrapped) != before[str(version)]
        assert bytes(version.wrapped).startswith(b"vault:v1:")
    material.forget()
    vault.check(amir)


def test_a_rotated_key_of_the_service_is_used(vault: Vault, amir, work, settings, openbao: OpenBao):
    name = openbao.create_key()
    settings.KMS_URL, settings.KMS_TOKEN = openbao.kms_url(name), openbao.token
    rekeying.request()
    work()
    openbao.client.secrets.transit.rotate_key(name)
    rekeying.request()
    work()
    assert all(
        bytes(wrapped).startswith(b"vault:v2:") for (wrapped,) in KeyVersion.objects.values_list("wrapped")
    )
    openbao.client.secrets.transit.update_key_configuration(name, min_decryption_version=2)
    material.forget()
    vault.check(amir)


@pytest.mark.parametrize("chunk", [1, 3, 6, 8])
def test_whoever_dies_goes_on_where_they_were(chunk: int, vault: Vault, amir, work, monkeypatch):
    vault.rotate()
    job = rekeying.request()
    done, original = [], rekeying._chunk

    def dying(*arguments):
        if len(done) == chunk:
            raise KeyboardInterrupt
        written = original(*arguments)
        done.append(written)
        return written

    monkeypatch.setattr(rekeying, "_chunk", dying)
    with pytest.raises(KeyboardInterrupt):
        work()
    left = under_old_versions()
    assert 0 < left < 75
    monkeypatch.setattr(rekeying, "_chunk", original)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    assert [ended.state for ended in work()] == ["done"]
    assert under_old_versions() == 0
    vault.check(amir)


def test_a_service_that_goes_down_in_the_middle_stops_it_and_it_goes_on_later(
    vault: Vault, amir, work, settings
):
    with open_bao() as server:
        settings.KMS_URL, settings.KMS_TOKEN = server.kms_url(server.create_key()), server.token
        rekeying.request()
        assert [job.state for job in work()] == ["done"]
        vault.rotate()
        material.forget()
        server.kill()
        rekeying.request()
        (failed,) = work()
        assert failed.state == "failed"
        assert failed.message == (
            "The transit key service does not answer. Check that it runs and can be reached, then go on. "
            "What was done stays done; re-key again to go on."
        )
        assert under_old_versions() == 75
    settings.KMS_URL = "local:"
    with pytest.raises(TechniqueError, match="No address leads to the key transit"):
        Keyring().current("orders")


def test_an_entry_that_was_altered_stops_it_and_is_left(vault: Vault, work):
    vault.rotate()
    broken = Token.objects.exclude(version=None).order_by("pk").last()
    Token.objects.filter(pk=broken.pk).update(sealed=bytes(60))
    rekeying.request()
    (failed,) = work()
    assert failed.state == "failed"
    assert failed.message.startswith("An entry of the vault was altered, or is not where it was written.")
    broken.refresh_from_db()
    assert bytes(broken.sealed) == bytes(60)


def test_a_job_that_pinned_an_older_version_does_not_get_past_it(vault: Vault, amir, work, monkeypatch):
    pinned = bundle(["orders"])
    vault.rotate()
    late, original = [["late-1"], ["late-2"]], rekeying._stale_entries

    def meanwhile() -> int:
        if late:
            pinned.of_persons("orders", late.pop())
        return original()

    monkeypatch.setattr(rekeying, "_stale_entries", meanwhile)
    rekeying.request()
    assert [job.state for job in work()] == ["done"]
    assert under_old_versions() == 0
    assert PersonKey.objects.count() == 52
    vault.check(amir)


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_loses_nothing(amir, work):
    vault = Vault(more=8_000)
    vault.rotate()
    job, before = rekeying.request(), under_old_versions()
    with command("rekey") as process:
        deadline = time.monotonic() + 240
        while under_old_versions() == before:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert 0 < under_old_versions() < before, "it was not killed in the middle"
    long_ago = timezone.now() - timedelta(seconds=60)
    assert Job.objects.filter(pk=job.pk, state="running").update(heartbeat_at=long_ago) == 1
    assert revive() == 1
    (ended,) = work()
    assert (ended.pk, ended.state, ended.attempt) == (job.pk, "done", 2)
    assert under_old_versions() == 0
    assert not Token.objects.filter(~Q(version__number=2), person=None).exists()
    vault.check(amir)


@contextmanager
def command(verb: str) -> Iterator[subprocess.Popen]:
    """`manage.py vault <verb>` on this test's database."""
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "vault", verb],
        cwd=project.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DATABASE_OWNER_URL": url},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
