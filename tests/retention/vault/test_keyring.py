"""Named keys: pinned for a job, rotated, opened in another process, and those of persons."""

import base64
import json
import os
import subprocess
import sys
from functools import partial
from hashlib import sha256
from threading import Barrier

import pytest
from django.conf import settings as project
from django.core.exceptions import ValidationError

from audit.ledger.context import Actor
from audit.ledger.statements import run
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import keyring, material, person_keys
from retention.vault.bundle import KeyBundle
from retention.vault.keyring import Keyring, bundle, create, ensure, rotate
from retention.vault.kms.base import KmsUnavailable
from retention.vault.models import Key, KeyVersion, PersonKey
from retention.vault.tokens import TokenVault
from tests.erasure.together import at_once
from tests.services.openbao import OpenBao, open_bao

TEST = Actor("system", "test")


@pytest.fixture
def orders(db) -> Key:
    return create("orders")


def test_a_key_is_made_once_and_recorded(db, sequenced):
    (made,) = ensure(["orders"])
    assert ensure(["orders"]) == []
    with pytest.raises(ValidationError, match="There is a key orders already"):
        create("orders")
    secret = Keyring().current("orders")
    assert (secret.id, len(secret.material)) == ("orders/1", 32)
    assert secret.material not in bytes(made.versions.get().wrapped)
    assert repr(secret) == "Secret(id='orders/1')"
    assert [(entry.action, entry.content["facts"]) for entry in sequenced()] == [
        ("key.created", {"kms": "local", "wrapped_by": "ring"})
    ]


@pytest.mark.parametrize("name", ["", "a/b", "/etc", "a b", "é", "x" * 81, "vault.tokens", "-a", "a\n"])
def test_a_name_that_cannot_be_is_refused(name: str, db):
    with pytest.raises(ValidationError):
        create(name)
    with pytest.raises(TechniqueError):
        ensure([name])
    assert not Key.objects.exists()


def test_an_unknown_name_or_version_is_named(orders):
    with pytest.raises(TechniqueError, match=r"^The vault has no key absent, other\. Create it"):
        bundle(["other", "orders", "absent"])
    pinned = bundle(["orders"])
    with pytest.raises(TechniqueError, match=r"^There is no key absent here\. The job has orders\."):
        pinned.current("absent")
    with pytest.raises(TechniqueError, match="There is no key orders/2 here"):
        pinned.version("orders/2")
    with pytest.raises(TechniqueError, match="The vault has no key absent"):
        Keyring().version("absent/1")


def test_old_versions_stay_readable_and_a_job_keeps_its_own(orders, sequenced):
    before, running = bundle(["orders"]), Keyring()
    first = running.current("orders")
    assert str(rotate(orders)) == "orders/2"
    assert before.current("orders") == running.current("orders") == first
    after = bundle(["orders"])
    second = after.current("orders")
    assert (second.id, second.material != first.material) == ("orders/2", True)
    assert after.version("orders/1") == first
    assert list(KeyVersion.objects.values_list("number", "state")) == [(2, "active"), (1, "retired")]
    assert sequenced()[-1].content["facts"] == {"version": 2, "kms": "local", "wrapped_by": "ring"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_rotate_at_once_one_does(monkeypatch):
    orders = create("orders")
    barrier, original = Barrier(2, timeout=20), keyring.fresh

    def fresh(name: str, number: int) -> material.Wrapped:
        barrier.wait()
        return original(name, number)

    monkeypatch.setattr(keyring, "fresh", fresh)

    one, two = sorted(map(str, at_once(*[(TEST, lambda: rotate(orders))] * 2)))
    assert (one, two) == ("orders has just been rotated by somebody else.", "orders/2")
    assert orders.versions.filter(state="active").count() == 1


def test_a_wrapped_key_under_another_name_or_number_does_not_open(orders):
    kept = orders.versions.get().as_wrapped()
    for wrong in ({"name": "others"}, {"number": 2}):
        with pytest.raises(TechniqueError):
            material.opened(material.Wrapped.from_json({**kept.as_json(), **wrong}))
    assert material.opened(kept).id == "orders/1"


def test_a_bundle_has_nothing_secret(orders):
    rotate(orders)
    pinned = bundle(["orders"], category="id.customer")
    text = json.dumps(pinned.as_json())
    for key_id in pinned.versions:
        assert base64.b64encode(pinned.version(key_id).material).decode() not in text
    assert KeyBundle.from_json(json.loads(text)) == pinned


IN_ANOTHER_PROCESS = """
import hashlib, json, os, sys
from retention.vault.bundle import KeyBundle
bundle = KeyBundle.from_json(json.load(sys.stdin))
for secret in (bundle.current("orders"), bundle.version("orders/1")):
    print(secret.id, hashlib.sha256(secret.material).hexdigest())
from django.apps import apps
print(apps.ready, sorted(name for name in sys.modules if name.endswith(".models") and "retention" in name))
"""


@pytest.mark.parametrize("where", ["local", "transit"])
def test_another_process_opens_a_bundle_without_apps_and_without_a_database(
    where: str, db, settings, openbao: OpenBao
):
    environ = {**os.environ, "DATABASE_URL": "", "DATABASE_OWNER_URL": "", "BROKER_URL": ""}
    environ.pop("DJANGO_SETTINGS_MODULE", None)
    if where == "transit":
        settings.KMS_URL, settings.KMS_TOKEN = openbao.kms_url(openbao.create_key()), openbao.token
        environ |= {"KMS_URL": settings.KMS_URL, "KMS_TOKEN": settings.KMS_TOKEN}
    rotate(create("orders"))
    pinned = bundle(["orders"])
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=json.dumps(pinned.as_json()),
        cwd=project.BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    digests = [
        f"{key_id} {sha256(pinned.version(key_id).material).hexdigest()}"
        for key_id in ("orders/2", "orders/1")
    ]
    assert done.stdout.splitlines() == [*digests, "False []"]


def test_a_service_that_dies_is_said_to_and_what_was_opened_lasts_its_time(db, settings):
    with open_bao() as server:
        settings.KMS_URL, settings.KMS_TOKEN = server.kms_url(server.create_key()), server.token
        orders = create("orders")
        pinned = bundle(["orders"])
        secret = pinned.current("orders")
        server.kill()
        assert pinned.current("orders") == secret
        with pytest.raises(KmsUnavailable):
            rotate(orders)
        assert orders.versions.count() == 1
        with pytest.raises(KmsUnavailable):
            create("others")
        assert not Key.objects.filter(name="others").exists()
        material.forget()  # as after VAULT_CACHE_SECONDS
        with pytest.raises(KmsUnavailable, match=r"^The transit key service does not answer\."):
            pinned.current("orders")


def test_an_opened_key_is_forgotten_after_its_time(orders, settings, monkeypatch):
    settings.VAULT_CACHE_SECONDS = 60
    clock = iter([1000.0, 1059.0, 1061.0, 1062.0])
    monkeypatch.setattr(material, "monotonic", lambda: next(clock))
    pinned = bundle(["orders"])
    asked: list[str] = []
    original = material.configured.holding
    monkeypatch.setattr(
        material.configured,
        "holding",
        lambda kind, reference: asked.append(kind) or original(kind, reference),
    )
    for _ in range(4):
        assert pinned.current("orders").id == "orders/1"
    assert asked == ["local", "local"]


def test_each_person_has_a_key_of_their_own(orders):
    keys = Keyring()
    ana, ben, again = keys.of_persons("orders", ["ana", "ben", " ANA "])
    assert (ana, ben.material != ana.material, ana.id) == (again, True, "orders/person")
    assert keys.of_persons("orders", ["ben"]) == [ben]
    create("others")
    assert keys.of_persons("others", ["ana"]) != [ana]
    assert Keyring(category="id.customer").of_persons("orders", ["ana"]) != [ana]
    assert PersonKey.objects.count() == 4
    assert keys.known_persons("orders", ["ana", "nobody"]) == [ana, None]
    assert PersonKey.objects.count() == 4
    with pytest.raises(TechniqueError, match="There is no key orders/person here"):
        keys.version("orders/person")


@pytest.mark.parametrize("nobody", [None, "", " "])
def test_a_row_of_nobody_has_no_key(nobody: str | None, orders):
    with pytest.raises(TechniqueError, match="nothing in the column that tells persons apart"):
        Keyring().of_persons("orders", ["ana", nobody])
    assert not PersonKey.objects.exists()


def test_the_vaults_own_keys_are_nobody_elses(orders):
    TokenVault().issue("email", ["a"], fresh=lambda count: [str(number) for number in range(count)])
    with pytest.raises(TechniqueError, match=r"vault\.tokens is the vault's own"):
        bundle(["orders", "vault.tokens"])
    with pytest.raises(TechniqueError, match="own"):
        Keyring().version("vault.lookups/1")


def test_keys_of_many_persons_cost_a_few_questions(orders, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(person_keys, "run", lambda sql, given: asked.append(sql) or run(sql, given))
    keys = bundle(["orders"])
    persons = [f"person {number}" for number in range(3_000)]
    made = keys.of_persons("orders", persons)
    assert asked == [person_keys.FIND, person_keys.ADD, person_keys.FIND]
    assert len({secret.material for secret in made}) == 3_000
    assert keys.of_persons("orders", persons) == made
    assert asked[3:] == [person_keys.FIND]


def test_keys_of_persons_outlive_a_rotation(orders):
    pinned = bundle(["orders"])
    (ana,) = pinned.of_persons("orders", ["ana"])
    rotate(orders)
    after = bundle(["orders"])
    assert after.of_persons("orders", ["ana"]) == [ana]
    (ben,) = after.of_persons("orders", ["ben"])
    assert pinned.of_persons("orders", ["ben"]) == [ben]  # its version is newer than the pin
    assert sorted(PersonKey.objects.values_list("version__number", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_many_writers_agree_on_the_keys_of_persons():
    create("orders")
    pinned = bundle(["orders"])
    persons = [f"person {number}" for number in range(300)]

    def ask(order: list[str]) -> list[bytes]:
        made = dict(zip(order, pinned.of_persons("orders", order), strict=True))
        return [made[person].material for person in persons]

    answers = at_once(*[(TEST, partial(ask, order)) for order in (persons, persons[::-1]) * 3])
    assert all(answer == answers[0] for answer in answers)
    assert PersonKey.objects.count() == 300
