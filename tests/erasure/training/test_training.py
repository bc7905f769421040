import hashlib
import json
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from rest_framework.test import APIClient

from audit.ledger.models import Entry, Waiting
from erasure.measures.base import Planned
from erasure.measures.exclude import Exclude
from erasure.models import Plan, Step, SubjectRequest
from erasure.registry.registering import register
from erasure.training.consulting import train
from erasure.training.excluding import exclude, holdings
from erasure.training.models import Exclusion, TrainedModel, TrainingSet, Version
from erasure.training.registering import add_set
from governance.console.models import User
from governance.keyring.lookups import lookup_of
from tests.erasure.officers import request_of
from tests.people import client_of

EMAIL = "contact.email"


@pytest.fixture
def churn(db: None, emil: User, somebody_acts) -> TrainingSet:
    return add_set(name="Churn", category=EMAIL, purpose="Churn model", by=emil)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    table = pa.table(
        {
            "email": ["ana@example.org", "ben@example.org", "ana@example.org", "cleo@example.org", None],
            "consent": [True, True, True, False, None],
            "visits": [1, 2, 3, 4, 5],
        }
    )
    pq.write_table(table, tmp_path / "raw.parquet")
    return tmp_path / "raw.parquet"


def make(churn: TrainingSet, rows: Path, name: str = "v1.parquet", **options) -> Version:
    out = rows.with_name(name)
    given = {"column": "email", "out": out, "method": "None", "consent": "consent"} | options
    call_command("training", churn.name, rows, **given, stdout=StringIO())
    return churn.versions.first()


def of_ana(request: SubjectRequest) -> list[tuple[str, bytes]]:
    return [(each.category, bytes(each.lookup)) for each in request.identifiers.all()]


def test_a_version_has_only_who_may_be_in_it(churn: TrainingSet, rows: Path, amir: User) -> None:
    ben = request_of("ben@example.org", amir)
    register(ben, of_ana(ben), effect="erased")
    said = StringIO()
    out = rows.with_name("v1.parquet")
    call_command(
        "training",
        "Churn",
        rows,
        column="email",
        out=out,
        method="E-mail kept",
        consent="consent",
        stdout=said,
    )
    assert pq.read_table(out).column("visits").to_pylist() == [1, 3]
    version = churn.versions.get()
    assert json.loads(said.getvalue()) == {
        "version": 1,
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
        "rows": 2,
        "persons": 1,
        "left_out": 1,
        "without_consent": 2,
    }
    hashed = int.from_bytes(lookup_of(EMAIL, "ana@example.org")[:8], "big").to_bytes(8, "big")
    assert version.consent_digest == hashlib.sha256(hashed).hexdigest()
    assert (version.state, version.consent_persons) == ("ready", 1)


def test_who_objected_to_the_purpose_is_left_out(churn: TrainingSet, rows: Path, amir: User) -> None:
    ben = request_of("ben@example.org", amir)
    register(ben, of_ana(ben), effect="objected", purpose="Churn model")
    assert (make(churn, rows).rows, churn.versions.get().left_out) == (2, 1)


def test_who_objected_to_something_else_is_not(churn: TrainingSet, rows: Path, amir: User) -> None:
    ben = request_of("ben@example.org", amir)
    register(ben, of_ana(ben), effect="objected", purpose="Newsletter")
    assert make(churn, rows).rows == 3


def test_an_erasure_excludes_the_person_and_queues_the_models(
    churn: TrainingSet, rows: Path, amir: User, emil: User
) -> None:
    version = make(churn, rows)
    train(version, model="churn-1", sha256=version.sha256, by=emil)
    ana = request_of("ana@example.org", amir)
    dora = request_of("dora@example.org", amir)
    (holding,), of_dora = holdings([of_ana(ana), of_ana(dora)])
    assert (holding.version, of_dora) == (version, [])
    nothing, (draft,) = Exclude().drafts([Planned(dora, []), Planned(ana, [])])
    assert nothing == []
    plan = Plan.objects.create(request=ana, number=1, state="executing", fingerprint="0" * 64)
    step = Step.objects.create(
        plan=plan, position=1, method="exclude", target=draft.target, rows_before=1, facts=draft.facts
    )
    assert Exclude().check(step).left == 1
    for _ in range(2):  # carried out twice, it is done once
        outcome = Exclude().execute(step)
        assert (outcome.left, outcome.facts) == (0, {"models": ["churn-1"]})
    assert Exclusion.objects.count() == 1
    assert Exclude().check(step).left == 0
    model = TrainedModel.objects.get()
    assert (model.state, model.retrain_because) == ("to be retrained", ana.reference)
    assert sum(b"training.excluded" in bytes(each.body) for each in Waiting.objects.all()) == 1


def test_a_training_job_is_refused_until_a_version_without_them_is_there(
    churn: TrainingSet, rows: Path, amir: User, emil: User, sequenced
) -> None:
    first = make(churn, rows)
    ana = request_of("ana@example.org", amir)
    register(ana, of_ana(ana), effect="erased")
    for holding in holdings([of_ana(ana)])[0]:
        exclude(ana, holding)
    api = APIClient()
    api.force_authenticate(emil)
    url = f"/api/v1/training-sets/{churn.pk}/train/"
    refused = api.post(url, {"version": 1, "model": "churn", "sha256": first.sha256}, format="json")
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "1 persons of Churn version 1 were erased or excluded since: register a new version without them."
    )
    second = make(churn, rows, "v2.parquet")
    assert (second.number, second.rows, second.persons) == (2, 1, 1)
    other = api.post(url, {"version": 2, "model": "churn", "sha256": first.sha256}, format="json")
    assert (other.status_code, list(other.json()["errors"])) == (400, ["sha256"])
    done = api.post(url, {"version": 2, "model": "churn", "sha256": second.sha256}, format="json")
    assert (done.status_code, done.json()["state"]) == (201, "in use")
    sequenced()
    assert Entry.objects.filter(action="training.refused").count() == 1


def test_a_model_is_replaced_by_its_next_training(churn: TrainingSet, rows: Path, emil: User) -> None:
    version = make(churn, rows)
    first = train(version, model="churn", sha256=version.sha256, by=emil)
    second = train(version, model="churn", sha256=version.sha256, by=emil)
    first.refresh_from_db()
    assert (first.state, second.state) == ("replaced", "in use")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"column": "mail"}, "has no column mail; it has email, consent, visits."),
        ({"consent": "visits"}, "visits has to hold true or false"),
        ({"method": " "}, "Say how the rows were de-identified"),
        ({"consent": "agreed"}, "has no column agreed"),
    ],
)
def test_what_cannot_become_a_version(churn: TrainingSet, rows: Path, options: dict, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        make(churn, rows, **options)
    assert not Version.objects.exists()
    assert [path.name for path in rows.parent.iterdir()] == ["raw.parquet"]


def test_pages_show_the_queue(churn: TrainingSet, rows: Path, amir: User, emil: User, vera: User) -> None:
    version = make(churn, rows)
    train(version, model="churn-1", sha256=version.sha256, by=emil)
    ana = request_of("ana@example.org", amir)
    exclude(ana, holdings([of_ana(ana)])[0][0])
    client = client_of(vera)
    assert "1 model</a> waits to be retrained" in client.get("/retention/training/").content.decode()
    shown = client.get(f"/retention/training/{churn.pk}/").content.decode()
    assert (version.sha256 in shown, ana.reference in shown) == (True, True)
    assert "churn-1" in client.get("/retention/training/models/?state=retrain").content.decode()
    assert client.get("/retention/training/add/").status_code == 403
    added = client_of(emil).post(
        "/retention/training/add/", {"name": "Next", "category": EMAIL, "purpose": ""}
    )
    assert added.status_code == 302
    again = client_of(emil).post("/retention/training/add/", {"name": "Next", "category": EMAIL})
    assert again.status_code == 422
