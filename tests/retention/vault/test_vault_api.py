"""The vault over REST, and from the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from retention.vault import keyring
from retention.vault.models import Key, ShredRequest, Token
from tests.people import api_of
from tests.retention.vault.test_shredding import CATEGORY, Data
from tests.services.openbao import open_bao

HOME = "/api/v1/vault/"


@pytest.fixture
def data(db) -> Data:
    return Data()


def post(program, path: str, **body):
    return program.post(f"{HOME}{path}", body, format="json")


def test_keys_are_made_listed_and_rotated(amir, vera):
    program = api_of(amir)
    made = post(program, "keys/", name="orders.email", note="Joins")
    assert (made.status_code, made.json()["version"], made.json()["wrapped_by"]) == (201, 1, "ring")
    assert post(program, "keys/", name="orders.email").status_code == 400
    assert post(program, "keys/", name="a/b").json()["errors"].keys() == {"name"}
    rotated = post(program, "keys/orders.email/rotate/")
    assert (rotated.status_code, rotated.json()["number"], rotated.json()["state"]) == (201, 2, "active")
    shown = api_of(vera).get(f"{HOME}keys/orders.email/").json()
    assert (shown["version"], shown["versions"], shown["under_older_versions"]) == (2, 2, 0)
    assert "wrapped" not in shown
    assert api_of(vera).get(f"{HOME}keys/?q=EMAIL").json()["count"] == 1
    assert post(program, "keys/absent/rotate/").status_code == 404


def test_rekeying_is_a_job(data: Data, amir, work):
    keyring.rotate(Key.objects.get(name="orders"))
    program = api_of(amir)
    assert program.get(f"{HOME}keys/orders/").json()["under_older_versions"] == 2
    queued = post(program, "rekey/")
    assert (queued.status_code, queued.json()["kind"]) == (202, "vault.rekey")
    work()
    assert program.get(f"{HOME}keys/orders/").json()["under_older_versions"] == 0


def test_values_are_tokenized_in_a_batch_and_recorded_without_them(emil, sequenced):
    program = api_of(emil)
    body = {"domain": "email", "values": ["ana@x", "ben@x", "ana@x", ""], "pattern": "TOK-####-####"}
    first = post(program, "tokens/", **body)
    assert (first.status_code, first["Cache-Control"]) == (200, "no-store")
    ana, ben, again, empty = first.json()["tokens"]
    assert (again == ana, len({ana, ben, empty}), ana[:4]) == (True, 3, "TOK-")
    assert post(program, "tokens/", **body).json() == first.json()
    assert post(program, "tokens/", domain="email", values=["cleo"]).json()["tokens"][0].isalnum()
    entry = sequenced()[0]
    assert (entry.action, entry.content["object"]["name"]) == ("tokens.issued", "email")
    assert entry.content["facts"] == {"values": 4}
    listed = program.get(f"{HOME}domains/").json()["results"]
    assert [(each["name"], each["tokens"], each["of_known_persons"]) for each in listed] == [("email", 4, 0)]


def test_tokens_of_persons_go_with_them(emil, amir):
    made = post(
        api_of(emil),
        "tokens/",
        domain="email",
        values=["ana@x", "info@x"],
        persons=["c-1", None],
        category=CATEGORY,
    )
    assert made.status_code == 200
    assert sorted(map(bool, Token.objects.values_list("person", flat=True))) == [False, True]
    proposed = post(api_of(amir), "shreds/", category=CATEGORY, value="c-1", reason="x").json()
    assert proposed["holdings"] == {"tokens": {"email": 1}, "keys": {"vault.tokens": 1}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"values": []}, "values"),
        ({"values": ["x"] * 10_001}, "values"),
        ({"values": ["x" * 4097]}, "values"),
        ({"values": ["\x00"]}, "values"),
        ({"values": [None]}, "values"),
        ({"persons": ["a", "b"]}, "persons"),
        ({"category": "id.nothing"}, "category"),
        ({"domain": "a b"}, "domain"),
    ],
)
def test_what_cannot_be_tokenized_names_its_field(change: dict, field: str, emil):
    answer = post(api_of(emil), "tokens/", **({"domain": "email", "values": ["ana@x"]} | change))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Token.objects.exists()


def test_half_a_character_is_not_text(emil):
    body = '{"domain": "email", "values": ["\\ud800"]}'
    answer = api_of(emil).post(f"{HOME}tokens/", body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["values"])


def test_a_pattern_that_is_used_up_or_cannot_be_is_a_conflict(emil):
    program = api_of(emil)
    full = post(program, "tokens/", domain="pin", values=[str(each) for each in range(11)], pattern="#")
    assert (full.status_code, full.json()["detail"]) == (
        409,
        "The token domain pin is full: its format has 10 tokens, and 1 of these values would get none. "
        "Choose a longer format. Nothing was issued.",
    )
    assert (
        len(post(program, "tokens/", domain="pin", values=list("abcdefghij"), pattern="#").json()["tokens"])
        == 10
    )
    assert post(program, "tokens/", domain="pin", values=["x"], pattern="fixed").status_code == 409


def test_values_come_back_to_officers_with_the_scope_within_the_limit(data: Data, amir, emil, settings):
    settings.VAULT_DETOKENIZE_PER_HOUR = 3
    body = {"domain": "email", "tokens": [data.ben, "guess"], "reason": "A returned payment"}
    assert post(api_of(emil), "detokenize/", **body).status_code == 403
    assert post(api_of(amir, "vault.shred"), "detokenize/", **body).status_code == 403
    program = api_of(amir, "vault.detokenize")
    answer = post(program, "detokenize/", **body)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert [each["value"] for each in answer.json()["answers"]] == ["ben@x", None]
    assert post(program, "detokenize/", **body | {"reason": " "}).json()["errors"].keys() == {"reason"}
    refused = post(program, "detokenize/", **body)
    assert (refused.status_code, "ben@x" in refused.content.decode()) == (429, False)
    assert 3500 < int(refused["Retry-After"]) <= 3601


def test_a_key_service_that_is_down_is_503(db, emil, settings):
    with open_bao() as server:
        settings.KMS_URL, settings.KMS_TOKEN = server.kms_url(server.create_key()), server.token
        settings.VAULT_CACHE_SECONDS = 0
        assert post(api_of(emil), "tokens/", domain="email", values=["ana@x"]).status_code == 200
        server.kill()
        answer = post(api_of(emil), "tokens/", domain="email", values=["ben@x"])
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "The transit key service does not answer. Check that it runs and can be reached, then go on.",
    )
    assert Token.objects.count() == 1


def test_shredding_over_the_api_takes_two(data: Data, amir, petra, work):
    made = post(api_of(amir), "shreds/", category=CATEGORY, value="c-1", reason="Art. 17")
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    path, seen = f"shreds/{made.json()['id']}/", made.json()["fingerprint"]
    assert post(api_of(amir), f"{path}approve/", fingerprint=seen).status_code == 409
    assert post(api_of(petra), f"{path}approve/", fingerprint="0").status_code == 409
    assert post(api_of(petra), f"{path}approve/", fingerprint=seen).json()["state"] == "approved"
    work()
    shown = api_of(petra).get(f"{HOME}{path}").json()
    assert (shown["state"], shown["tokens"], shown["keys"], shown["holdings"]) == (
        "done",
        2,
        2,
        {"tokens": {}, "keys": {}},
    )
    assert post(api_of(petra), f"{path}reject/", reason="x").status_code == 409
    assert post(api_of(petra), f"{path}resume/").status_code == 409
    assert post(api_of(amir), "shreds/", category=CATEGORY, value="c-1", reason="x").status_code == 400
    assert ShredRequest.objects.count() == 1


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("vault", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_rotates_rekeys_and_lists(data: Data, sequenced):
    assert run("create", "payments", "--note", "Cards") == "payments/1 is in use.\n"
    assert run("rotate", "orders") == "orders/2 is in use.\n"
    assert "orders/2  local ring  since 20" in (listed := run("keys"))
    assert "2 entries, 2 under older versions" in listed
    assert run("status") == "local ring: wraps and unwraps.\nUnder older versions: 2\n"
    assert run("rekey") == "Read back: nothing is under an older version.\n"
    assert run("status").endswith("Under older versions: 0\n")
    assert sequenced()[-1].content["actor"] == {"kind": "system", "id": "command", "role": ""}


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (("rotate", "absent"), 2, "There is no key 'absent'"),
        (("create", "orders"), 2, "There is a key orders already"),
        (("create", "a/b"), 2, "Use letters, digits"),
        (("rotate", "vault.lookups"), 1, "is never rotated"),
    ],
)
def test_the_command_says_what_is_wrong_by_its_exit_status(arguments, status, problem, data: Data):
    with pytest.raises(CommandError, match=problem) as told:
        run(*arguments)
    assert told.value.returncode == status


def test_status_fails_where_the_service_does_not_answer(db, settings):
    settings.KMS_URL = "transit+http://127.0.0.1:1/transit/console"
    with pytest.raises(CommandError, match="The transit key service does not answer") as told:
        run("status")
    assert told.value.returncode == 1
