"""The doors to values of a job: for officers, with a reason, never kept by a browser."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from governance.console.models import User
from retention.anonymization.models import Run
from retention.vault.models import Detokenization
from tests.people import api_of, client_of
from tests.retention.anonymization.people import ask, worked, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(tmp_path: Path) -> tuple[Run, list[str]]:
    source = write(tmp_path / "in.parquet", pa.table({"phone": ["+49 1", "+49 2"], "city": ["Oslo", "Bonn"]}))
    run = worked(ask(source, tmp_path / "out.parquet", rules={"phone": "encrypt", "city": "keep"}))
    return run, pq.read_table(tmp_path / "out.parquet")["phone"].to_pylist()


def test_an_officer_gets_values_back_on_a_page_that_is_not_kept(delivered, amir: User):
    run, sealed = delivered
    browser = client_of(amir)
    assert f"{run.get_absolute_url()}recover/" in browser.get(run.get_absolute_url()).content.decode()
    given = {"column": "phone", "values": "\n".join(sealed), "persons": "", "reason": "A chargeback"}
    answer = browser.post(f"{run.get_absolute_url()}recover/", given)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store, private")
    assert "+49 1" in answer.content.decode()
    assert "+49 2" in answer.content.decode()


def test_without_a_reason_nothing_is_shown_or_counted(delivered, amir: User):
    run, sealed = delivered
    answer = client_of(amir).post(
        f"{run.get_absolute_url()}recover/", {"column": "phone", "values": sealed[0], "reason": ""}
    )
    assert answer.status_code == 422
    assert "+49" not in answer.content.decode()
    assert not Detokenization.objects.exists()


def test_over_the_limit_it_says_when(delivered, amir: User, settings):
    settings.VAULT_DETOKENIZE_PER_HOUR = 1
    run, sealed = delivered
    given = {"column": "phone", "values": sealed[0], "reason": "A chargeback"}
    browser = client_of(amir)
    assert browser.post(f"{run.get_absolute_url()}recover/", given).status_code == 200
    refused = browser.post(f"{run.get_absolute_url()}recover/", given)
    assert (refused.status_code, 3000 < int(refused["Retry-After"]) <= 3601) == (429, True)


def test_a_steward_is_not_offered_it(delivered, dana: User):
    run, _ = delivered
    page = client_of(dana).get(run.get_absolute_url())
    assert "recover" not in page.content.decode()
    assert client_of(dana).get(f"{run.get_absolute_url()}recover/").status_code == 403


def test_over_the_api(delivered, amir: User):
    run, sealed = delivered
    address = f"/api/v1/anonymization/jobs/{run.pk}/recover/"
    given = {"column": "phone", "values": [sealed[1], "typo"], "reason": "A chargeback"}
    answer = api_of(amir).post(address, given, format="json")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    first, second = answer.json()["answers"]
    assert first == {"given": sealed[1], "value": "+49 2", "problem": ""}
    assert second["value"] is None
    assert second["problem"]
    assert api_of(amir).post(address, {**given, "column": "city"}, format="json").status_code == 400
