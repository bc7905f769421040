"""The record of a processor, the jobs of a person, control evidence, and what reports can be limited to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from audit.ledger import guarding
from audit.reports.base import ReportContent, Section, reports
from audit.reports.controls import CONTROLS, ISO, NIST, TITLES
from audit.reports.making import cleaned, make
from catalog.models import Column, System
from erasure.models import SubjectRequest
from governance.activities.models import Organisation, ProcessingActivity, ProcessorActivity
from governance.console.models import User
from tests.erasure import estate
from tests.people import api_of, client_of
from tests.retention.anonymization.people import ask, customers, worked, write
from tests.retention.anonymization.techniques import small_techniques
from tests.services.fixtures import Database

__all__ = ["small_techniques"]
API = "/api/v1/reports/"
ANA = "ana@example.org"


@pytest.fixture
def shop(db: None, pg_database: Database) -> System:
    pg_database.execute(estate.SHOP)
    system = estate.register(pg_database)
    estate.label(system, estate.LABELS)
    estate.own_all_links(system)
    return system


@pytest.fixture
def done(shop: System, amir: User, petra: User, work: Callable) -> SubjectRequest:
    found = estate.find(estate.request_of(ANA, amir), amir, work)
    return estate.approve(found, petra, work)


def content(kind: str, **given: str) -> ReportContent:
    report = reports.get(kind)()
    return make(report, parameters=cleaned(report, given)).content


def section(report: ReportContent, heading: str) -> Section:
    (found,) = [section for section in report.sections if section.heading == heading]
    return found


def facts(report: ReportContent, heading: str) -> dict[str, Any]:
    return {fact.title: fact.value for fact in section(report, heading).facts}


# Art. 30(2)


def test_the_record_of_a_processor_says_what_is_missing(db: None):
    assert content("processor_record").conclusion == (
        "Nothing is recorded that is processed on behalf of others."
    )
    Organisation.objects.create(name="Host Ltd", contact="office@host.example")
    ProcessorActivity.objects.create(
        controller="Shop Ltd", contact=" ", categories=["Hosting", "Support"], transfers="Canada"
    )
    report = content("processor_record")
    assert report.conclusion == (
        "Incomplete: 1 thing that Art. 30(2) always asks for is missing. "
        "2 more that it asks for where possible or applicable."
    )
    assert [(gap.what, gap.reference, gap.duty) for gap in report.gaps] == [
        ("Contact of the controller", "Art. 30(2)(a)", "always"),
        ("Security measures", "Art. 30(2)(d)", "where possible"),
        ("Safeguards for the transfers", "Art. 30(2)(c)", "where applicable"),
    ]
    assert facts(report, "For Shop Ltd")["Categories of processing"] == ["Hosting", "Support"]


def test_processing_on_behalf_is_kept_on_pages_and_over_rest(amir: User, vera: User, sequenced: Callable):
    browser, url = client_of(amir), "/activities/on-behalf/"
    given = {"controller": "Shop Ltd", "contact": "Main Street 1", "categories": "Hosting\nSupport"}
    assert browser.post(f"{url}add/", {**given, "categories": ""}).status_code == 422
    page = browser.post(f"{url}add/", given)["Location"]
    made = ProcessorActivity.objects.get()
    assert (page, made.categories) == (f"{url}{made.pk}/", ["Hosting", "Support"])
    assert "Shop Ltd" in client_of(vera).get(url).content.decode()
    assert "Main Street 1" in client_of(vera).get(page).content.decode()
    browser.post(f"{page}change/", {**given, "transfers": "None."})
    assert browser.post(f"{page}remove/", {"typed": "no"}).status_code == 422
    browser.post(f"{page}remove/", {"typed": "remove"})
    assert not ProcessorActivity.objects.exists()
    api, path = api_of(amir), "/api/v1/activities/on-behalf/"
    told = {"controller": "Bank", "contact": "b@bank.example", "categories": ["Payroll"]}
    answer = api.post(path, told, format="json")
    assert answer.status_code == 201
    one = f"{path}{answer.json()['id']}/"
    assert api.patch(one, {"transfers": "Chile"}, format="json").json()["transfers"] == "Chile"
    assert api_of(vera).get(path).json()["results"][0]["controller"] == "Bank"
    assert api_of(vera).delete(one).status_code == 403
    assert api.delete(one).status_code == 204
    actions = [entry.action for entry in sequenced() if entry.action.startswith("processing.")]
    once = ["processing.added", "processing.changed", "processing.removed"]
    assert actions == once * 2


# Jobs of a person


@pytest.mark.usefixtures("small_techniques")
def test_an_identifier_leads_to_the_jobs_of_its_person(
    done: SubjectRequest, tmp_path: Path, sequenced: Callable
):
    people = customers(20)
    write(tmp_path / "in.parquet", people)
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet", person="id"))
    somebody = str(people["id"][3].as_py())
    report = content("person_jobs", identifier=f" {somebody} ")
    assert [row[0] for row in section(report, "Anonymization jobs").rows] == [str(run.pk)]
    assert section(report, "Requests").rows == []
    report = content("person_jobs", identifier="ANA@example.org")
    assert section(report, "Anonymization jobs").rows == []
    assert [row[0] for row in section(report, "Requests").rows] == [done.reference]
    assert report.subtitle == f"Data subject: {done.subject}"
    assert {row[2] for row in section(report, "Steps of erasure").rows} == {
        "public.purchase_line",
        "public.purchase",
        "public.customer",
        "public.newsletter",
    }
    assert [row[0] for row in section(report, "In the registry").rows] == ["Erased"]
    told = {row[0]: row[2] for row in section(report, "Entries of the ledger").rows}
    assert (told["request.received"], told["step.done"]) == (1, 4)
    nobody = content("person_jobs", identifier="nobody@example.org")
    assert nobody.conclusion.startswith("0 anonymization jobs, 0 requests and 0 steps of erasure")
    entries = sequenced()
    assert [entry.action for entry in entries].count("anonymization.sought") == 3
    assert not [entry for entry in entries if b"nobody" in bytes(entry.body)]


def test_who_it_is_about_stands_in_no_address(done: SubjectRequest, amir: User, vera: User):
    browser, url = client_of(amir), reverse("reports:report", args=["person_jobs"])
    asked = browser.get(url, {"identifier": ANA}).content.decode()
    assert (ANA in asked, 'method="post"' in asked) == (False, True)
    shown = browser.post(url, {"identifier": ANA})
    assert (shown.status_code, shown["Cache-Control"]) == (200, "no-store")
    assert done.reference in shown.content.decode()
    file = browser.post(url, {"identifier": ANA, "format": "json"})
    assert (file.status_code, file.json()["parameters"]) == (200, {})
    assert ANA not in file.content.decode()
    assert browser.post(url, {"identifier": ""}).status_code == 400
    assert browser.post(reverse("reports:report", args=["article_30"])).status_code == 405
    assert client_of(vera).post(url, {"identifier": ANA}).status_code == 404
    api = api_of(amir)
    assert api.get(f"{API}person_jobs/", {"identifier": ANA}).status_code == 405
    assert api.post(f"{API}article_30/").status_code == 405
    answer = api.post(f"{API}person_jobs/?as=json", {"identifier": ANA}, format="json")
    assert (answer.status_code, answer.json()["report"]) == (200, "person_jobs")
    for nothing in ({}, [], "x"):
        assert api.post(f"{API}person_jobs/", nothing, format="json").status_code == 400


def test_the_command_reads_who_it_is_about_from_its_input(
    done: SubjectRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "who").write_text(f"{ANA}\n")
    with (tmp_path / "who").open() as source:
        monkeypatch.setattr("sys.stdin", source)
        call_command("report", "person_jobs", format="json", output=tmp_path)
    (made,) = tmp_path.glob("person-jobs-at-*.json")
    assert done.reference in made.read_text()
    with pytest.raises((CommandError, TypeError)):
        call_command("report", "person_jobs", identifier=ANA)


# Control evidence


def test_controls_are_told_with_figures_and_entries(done: SubjectRequest, vera: User):
    guarding.verify()
    report = content("control_evidence")
    holds = {row[0]: row[1] for row in section(report, "Controls").rows}
    assert holds["Destruction approved by a second person"] == "yes"
    assert holds["Erasure verified by a second search"] == "yes"
    assert holds["Requests answered in time"] == "yes"
    assert holds["Secrets sealed at rest"] == "yes"
    assert holds["Classification of data, decided by people"] == "no"
    assert holds["De-identification validated before delivery"] == "not in use"
    assert facts(report, "Destruction approved by a second person") == {
        "Holds": "yes",
        "Plans carried out for a request": 1,
        "Approved by nobody else": 0,
        "Plans rejected": 0,
    }
    assert facts(report, "Classification of data, decided by people")["Unreviewed, counted as personal"] == 2
    told = {row[0]: row[2] for row in section(report, "Erasure verified by a second search").rows}
    assert told == {"plan.started": 1, "step.done": 4, "erasure.verified": 1}
    assert {gap.what for gap in report.gaps} == {title for title, said in holds.items() if said == "no"}
    assert report.conclusive is False
    Column.objects.update(state="confirmed")
    assert "Classification of data, decided by people" not in [
        gap.what for gap in content("control_evidence").gaps
    ]


def test_every_identifier_has_a_title_and_every_title_a_control(db: None):
    for name, used in ((NIST, "nist"), (ISO, "iso")):
        assert {each for control in CONTROLS for each in getattr(control, used)} == set(TITLES[name])
    rows = section(content("control_evidence", framework="iso"), "By framework").rows
    assert {row[0] for row in rows} == {ISO}
    assert all(row[3] for row in rows)


def test_of_the_entries_only_those_of_the_days_count(done: SubjectRequest):
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    report = content("control_evidence", since=tomorrow)
    assert {row[4] for row in section(report, "Controls").rows} == {0}


# Limits


def test_one_activity_of_the_record(shop: System):
    Organisation.objects.create(name="Shop Ltd", contact="office@shop.example")
    for name in ("Sales", "Support"):
        ProcessingActivity.objects.create(
            name=name, purpose="x", lawful_basis="contract", subject_categories=["Customers"]
        )
    report = content("article_30", activity="Sales")
    assert report.subtitle == "Shop Ltd, Art. 30(1) GDPR; activity Sales"
    assert [section.heading for section in report.sections] == ["Controller", "Sales"]
    assert {gap.where for gap in report.gaps} == {"Sales"}
    assert "Support" in [section.heading for section in content("article_30").sections]


def test_reports_can_be_limited(done: SubjectRequest, vera: User, amir: User):
    today = timezone.localdate()
    tomorrow = (today + timedelta(days=1)).isoformat()
    report = content("request_statistics", since=today.isoformat(), regime="EU-GDPR")
    assert facts(report, "All")["Requests"] == 1
    assert report.subtitle == f"1 request, 1 ended; since {today}, regime EU-GDPR"
    assert facts(content("request_statistics", since=tomorrow), "All")["Requests"] == 0
    assert facts(content("request_statistics", right="access"), "All")["Requests"] == 0
    whole = len(section(content("classification"), "All columns").rows)
    System.objects.create(name="other", kind="folder", region="DE")
    assert len(section(content("classification", system="shop"), "All columns").rows) == whole
    assert section(content("classification", system="other"), "All columns").rows == []
    direct = section(content("classification", sensitivity="direct", state="confirmed"), "All columns").rows
    assert {row[5] for row in direct} == {"direct identifier"}
    browser = client_of(vera)
    page = browser.get("/reports/classification/", {"system": "other"})
    assert '<option value="other" selected>' in page.content.decode()
    assert browser.get("/reports/classification/", {"system": "nowhere"}).status_code == 400
    swapped = {"since": tomorrow, "until": today.isoformat()}
    assert "Since is after until." in browser.get("/reports/request_statistics/", swapped).content.decode()
    file = browser.get("/reports/request_statistics/", {"since": today.isoformat(), "format": "json"})
    assert file.json()["parameters"] == {"since": today.isoformat()}
    assert today.isoformat() in file["Content-Disposition"]
