import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from catalog import registering
from catalog.models import System
from erasure.models import SubjectRequest
from erasure.registry.models import Registration, Replay
from erasure.registry.registering import register
from governance.console.models import User
from governance.keyring.lookups import lookup_of
from tests.erasure import estate
from tests.people import api_of, client_of
from tests.services.fixtures import Database

URL = "/retention/registry/replays/"


def replay(*arguments: str, **options: object) -> tuple[int, dict]:
    """The exit status of the command, and what it says."""
    said, status = StringIO(), 0
    try:
        call_command("replay", *arguments, **options, stdout=said)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, json.loads(said.getvalue())


@pytest.fixture
def at(tmp_path: Path, address: dict[str, str]) -> Path:
    path = tmp_path / "copy.json"
    path.write_text(json.dumps(address))
    return path


def test_the_command_goes_on_until_the_copy_holds_nobody(
    shop: System, erased: SubjectRequest, restored: Database, at: Path, emil: User, amir: User, petra: User
) -> None:
    status, told = replay("shop", at=at, check=True)
    assert (status, told["state"], told["persons"], told["in_question"]) == (1, "holds somebody", 1, 3)
    assert Replay.objects.count() == 0
    restored.execute("DELETE FROM newsletter")
    status, told = replay("shop", at=at, by="emil")
    assert (status, told["state"], len(told["questions"])) == (1, "asking", 1)
    found = Replay.objects.get()
    question = found.questions.get()
    officer = client_of(amir)
    url = f"{found.get_absolute_url()}answer/{question.pk}/"
    assert officer.post(url, {f"q{question.pk}-said": "erase"}).status_code == 422
    officer.post(url, {f"q{question.pk}-said": "erase", f"q{question.pk}-reason": "It is of May."})
    status, told = replay("shop", at=at, by="emil")
    assert (status, told["state"], told["rows"]) == (1, "planned", 6)
    assert replay("shop", at=at, by="emil")[1]["replay"] == told["replay"]
    given = {"fingerprint": told["fingerprint"], "typed": told["replay"]}
    assert client_of(emil).post(f"{told['page']}approve/", given).status_code == 403
    page = officer.get(told["page"]).content.decode()
    assert "This cannot be undone" not in page  # amir has said what is to be erased
    officer = client_of(petra)
    assert "This cannot be undone" in officer.get(told["page"]).content.decode()
    assert officer.post(f"{told['page']}approve/", given | {"typed": "yes"}).status_code == 422
    officer.post(f"{told['page']}approve/", given)
    status, told = replay("shop", at=at, by="emil")
    assert (status, told["state"], told["left"]) == (0, "complete", 0)
    assert replay("shop", at=at, check=True) == (
        0,
        {
            "state": "holds nobody",
            "persons": 0,
            "rows": 0,
            "in_question": 0,
            "data_sets": [],
            "newer": {},
            "unsearched": [],
        },
    )
    assert restored.execute("SELECT id FROM customer ORDER BY id") == [(2,), (3,)]
    assert replay(told["replay"])[0] == 0
    assert "ana@example.org" not in officer.get(told["page"]).content.decode()


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (["nothing"], {"check": True}, "There is no system 'nothing'"),
        (["shop"], {}, "--by has to name"),
        (["shop"], {"by": "vera"}, "--by has to name"),
        (["shop"], {"check": True, "backup": "May"}, "No backup 'May' of shop is noted."),
        (["shop"], {"check": True, "at": Path("/nowhere.json")}, "cannot be read as JSON"),
        (["shop"], {"check": True, "at_system": "other"}, "There is no system 'other' of the same kind"),
    ],
)
def test_what_the_command_cannot_look_at(
    shop: System, vera: User, arguments: list, options: dict, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("replay", *arguments, **options, stdout=StringIO())
    assert refused.value.returncode == 2


def test_pages_and_rest_say_the_same(
    shop: System,
    erased: SubjectRequest,
    address: dict[str, str],
    emil: User,
    amir: User,
    petra: User,
    vera: User,
    work,
) -> None:
    engineer = client_of(emil)
    assert engineer.post(f"{URL}add/", {"system": shop.pk}).url == f"{URL}add/{shop.pk}/"
    form = engineer.get(f"{URL}add/{shop.pk}/").content.decode()
    assert "Address of the copy" in form
    assert "Address of the copy" not in client_of(amir).get(f"{URL}add/{shop.pk}/").content.decode()
    given = {f"copy-{name}": value for name, value in (shop.settings | address).items()} | {"elsewhere": "on"}
    refused = engineer.post(f"{URL}add/{shop.pk}/", given | {"copy-password": ""})
    assert (refused.status_code, Replay.objects.count()) == (422, 0)
    assert engineer.post(f"{URL}add/{shop.pk}/", given).status_code == 302
    work()
    found = Replay.objects.get()
    assert (found.state, found.where) == ("asking", "elsewhere")
    told = api_of(vera).get(f"/api/v1/replays/{found.pk}/").json()
    assert (told["state"], [each["rows"] for each in told["questions"]]) == ("asking", [1, 2])
    assert address["password"] not in json.dumps(told)
    page = client_of(vera).get(found.get_absolute_url()).content.decode()
    assert "Whose rows are these?" in page
    assert "Answer</button>" not in page
    assert found.reference in client_of(vera).get(URL).content.decode()
    officer = api_of(amir)
    for question in told["questions"]:
        officer.post(
            f"/api/v1/replays/{found.pk}/answer/",
            {"question": question["id"], "answer": "erase", "reason": "Old."},
            format="json",
        )
    work()
    told = officer.get(f"/api/v1/replays/{found.pk}/").json()
    assert (told["state"], told["plan_state"], len(told["plan_steps"])) == ("planned", "proposed", 4)
    wrong = officer.post(f"/api/v1/replays/{found.pk}/approve/", {"fingerprint": "0" * 64}, format="json")
    assert wrong.status_code == 409
    given = {"fingerprint": told["fingerprint"]}
    statuses = [
        api.post(f"/api/v1/replays/{found.pk}/approve/", given, format="json").status_code
        for api in (officer, api_of(petra))
    ]
    assert statuses == [409, 200]
    work()
    assert officer.get(f"/api/v1/replays/{found.pk}/").json()["state"] == "complete"
    begun = api_of(emil).post("/api/v1/replays/", {"system": "shop", "settings": address}, format="json")
    assert begun.status_code == 201
    refused = api_of(amir).post("/api/v1/replays/", {"system": "shop", "settings": address}, format="json")
    assert refused.status_code == 403
    unknown = api_of(emil).post("/api/v1/replays/", {"system": "shop", "backup": "May"}, format="json")
    assert unknown.status_code == 400


def test_files_are_a_copy_too(
    db: None, tmp_path: Path, amir: User, petra: User, emil: User, work, somebody_acts
) -> None:
    """Text around an address, JSON, and columns that nobody has reviewed are looked through as well."""
    live, copy = tmp_path / "live", tmp_path / "copy"
    for folder in (live, copy):
        folder.mkdir()
        (folder / "notes.csv").write_text(
            "id,author,note\n1,bo@example.org,Call +55 11 91234.\n2,ana@example.org,Hello\n"
        )
        (folder / "events.jsonl").write_text('{"id": 1, "who": "ana@example.org"}\n{"id": 2, "who": "x"}\n')
    system = registering.add(name="Files", kind="folder", settings={"path": str(live)}, custodian=None)
    estate.crawl_again(system)
    request = estate.request_of("ana@example.org", amir)
    register(
        request,
        [("contact.email", lookup_of("contact.email", "ana@example.org"))],
        effect=Registration.Effect.ERASED,
    )
    at = tmp_path / "at.json"
    at.write_text(json.dumps({"path": str(copy)}))
    status, told = replay("Files", at=at, by="emil")
    assert (status, told["state"]) == (1, "asking")
    found = Replay.objects.get()
    for question in found.questions.all():
        client_of(amir).post(
            f"{found.get_absolute_url()}answer/{question.pk}/",
            {f"q{question.pk}-said": "erase", f"q{question.pk}-reason": "Old."},
        )
    work()
    found.refresh_from_db()
    assert (found.state, found.rows) == ("planned", 2)
    client_of(petra).post(
        f"{found.get_absolute_url()}approve/",
        {"fingerprint": found.plan.fingerprint, "typed": found.reference},
    )
    work()
    assert replay("Files", at=at, check=True)[0] == 0
    assert "ana@" not in (copy / "notes.csv").read_text()
    assert "ana@" not in (copy / "events.jsonl").read_text()
    assert "ana@" in (live / "notes.csv").read_text()
