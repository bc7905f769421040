"""The reports: what they say of the shop, what they refuse to call proven, and how they leave the console."""

import hashlib
import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse

from audit.ledger.context import acting
from audit.ledger.models import Alarm, Checkpoint, Entry, Head
from audit.ledger.recording import record
from audit.reports.base import ReportContent, Section, reports
from audit.reports.checkpoint import snapshot
from audit.reports.making import export, make
from audit.reports.renderers import Document, renderers
from audit.reports.templatetags.reports import plain
from audit.reports.views import SHOWN_ON_PAGE
from catalog.models import Column, System
from erasure import events
from erasure.approving import execution
from erasure.models import Plan, Step, SubjectRequest
from governance.activities.models import Organisation, ProcessingActivity
from governance.console.models import User
from retention import holds
from tests.audit.events import COUNTED
from tests.erasure import estate
from tests.people import api_of, client_of
from tests.services.fixtures import Database

Work = Callable[[], Any]
MADE_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TAX = "Tax law: invoices are kept ten years"
API = "/api/v1/reports/"


@pytest.fixture
def shop(db: None, pg_database: Database) -> System:
    """The shop, crawled and reviewed; `purchase.ip`, `newsletter.topic` are left unreviewed."""
    pg_database.execute(estate.SHOP)
    system = estate.register(pg_database)
    estate.label(system, estate.LABELS)
    estate.own_all_links(system)
    return system


@pytest.fixture
def sales(shop: System) -> ProcessingActivity:
    """An activity that states everything and uses customers and purchases."""
    activity = ProcessingActivity.objects.create(
        name="Sales",
        purpose="Sell things.",
        lawful_basis="contract",
        subject_categories=["Customers"],
        recipients=["Tax adviser", "Bank"],
        transfers="None.",
        safeguards="None needed.",
        time_limits="Ten years.",
        security_measures="Least privilege.",
    )
    for table in ("customer", "purchase"):
        estate.data_set(shop, table).activities.add(activity)
    return activity


@pytest.fixture
def held(shop: System) -> None:
    for table, keep in (
        ("purchase", ["id", "customer_id", "placed", "total"]),
        ("purchase_line", ["purchase_id", "position", "article"]),
    ):
        holds.place(estate.data_set(shop, table), keep_columns=keep, exemption="b", reason=TAX)


@pytest.fixture
def planned(shop: System, amir: User, work: Work) -> SubjectRequest:
    return estate.find(estate.request_of("ana@example.org", amir), amir, work)


@pytest.fixture
def done(planned: SubjectRequest, petra: User, work: Work) -> SubjectRequest:
    return estate.approve(planned, petra, work)


def document(kind: str, **parameters: str) -> Document:
    return make(reports.get(kind)(), parameters=parameters)


def content(kind: str, **parameters: str) -> ReportContent:
    return document(kind, **parameters).content


def proof(request: SubjectRequest) -> ReportContent:
    return content("erasure_proof", request=request.reference)


def section(report: ReportContent, heading: str) -> Section:
    (found,) = [section for section in report.sections if section.heading == heading]
    return found


def facts(report: ReportContent, heading: str) -> dict[str, Any]:
    return {fact.title: fact.value for fact in section(report, heading).facts}


def gaps(report: ReportContent) -> list[tuple[str, str, str, str]]:
    return [(gap.what, gap.where, gap.reference, gap.duty) for gap in report.gaps]


def failed(report: ReportContent) -> list[str]:
    return [str(row[0]) for row in section(report, "Checks").rows if not row[1]]


def controller(**changes: str) -> Organisation:
    stated = {"name": "Shop Ltd", "contact": "Main Street 1\noffice@shop.example", "country": "DE"}
    return Organisation.objects.create(**{**stated, **changes})


# Article 30


def test_the_record_is_filled_from_the_catalog(sales: ProcessingActivity):
    controller()
    report = content("article_30")
    told = facts(report, "Sales")
    assert told["Categories of personal data"] == [
        "Full name",
        "E-mail address",
        "Telephone number",
        "Street address",
        "Customer number",
    ]
    assert told["Not reviewed"] == "unreviewed: 1 column counts as personal"
    assert told["Systems"] == ["shop (EU)"]
    assert told["Lawful basis"] == "Contract, Art. 6(1)(b)"
    assert section(report, "Sales").rows == [
        (
            "shop",
            "EU",
            "public.customer",
            ["Full name", "E-mail address", "Telephone number", "Street address", "Customer number"],
            5,
            0,
        ),
        ("shop", "EU", "public.purchase", ["Street address", "Customer number"], 2, 1),
    ]
    assert section(report, "Personal data that no activity uses").rows == [
        ("shop", "EU", "public.newsletter", ["E-mail address"], 1, 1)
    ]
    assert gaps(report) == [
        ("A processing activity that uses this data set", "shop / public.newsletter", "Art. 30(1)", "always")
    ]
    assert report.conclusion == "Incomplete: 1 thing that Art. 30(1) always asks for is missing."
    assert report.conclusive is False


def test_the_record_is_complete_once_every_data_set_is_used(shop: System, sales: ProcessingActivity):
    controller()
    estate.data_set(shop, "newsletter").activities.add(sales)
    report = content("article_30")
    assert gaps(report) == []
    assert report.conclusion == "Complete: everything that Art. 30(1) always asks for is stated."
    assert report.conclusive is True


def test_the_record_names_every_mandatory_thing_that_is_missing(shop: System, sales: ProcessingActivity):
    controller(contact=" ")
    estate.data_set(shop, "newsletter").activities.add(sales)
    ProcessingActivity.objects.create(
        name="Mystery", purpose=" ", lawful_basis="consent", subject_categories=[], transfers="To Mars."
    )
    assert gaps(content("article_30")) == [
        ("Contact of the controller", "Controller", "Art. 30(1)(a)", "always"),
        ("Purpose", "Mystery", "Art. 30(1)(b)", "always"),
        ("Categories of data subjects", "Mystery", "Art. 30(1)(c)", "always"),
        ("Recipients", "Mystery", "Art. 30(1)(d)", "always"),
        ("Time limits for erasure", "Mystery", "Art. 30(1)(f)", "where possible"),
        ("Security measures", "Mystery", "Art. 30(1)(g)", "where possible"),
        ("Categories of personal data: no data set is assigned", "Mystery", "Art. 30(1)(c)", "always"),
        ("Safeguards for the transfers", "Mystery", "Art. 30(1)(e)", "where applicable"),
    ]


def test_an_empty_console_has_everything_missing(db: None):
    report = content("article_30")
    assert gaps(report) == [
        ("Name of the controller", "Controller", "Art. 30(1)(a)", "always"),
        ("Contact of the controller", "Controller", "Art. 30(1)(a)", "always"),
        ("Processing activities: none is recorded", "The record", "Art. 30(1)", "always"),
    ]
    assert report.subtitle == "No controller named, Art. 30(1) GDPR"


def test_unreviewed_data_are_no_categories(sales: ProcessingActivity):
    Column.objects.update(state="unreviewed")
    report = content("article_30")
    assert facts(report, "Sales")["Categories of personal data"] == []
    assert facts(report, "Sales")["Not reviewed"] == "unreviewed: 11 columns count as personal"
    where = [gap.what for gap in report.gaps if gap.where == "Sales"]
    assert where == ["Categories of personal data: no column of its data sets has been reviewed"]


def test_special_categories_need_a_condition(sales: ProcessingActivity):
    controller()
    Column.objects.filter(data_set__name="public.customer", name="phone").update(
        category="health", sensitivity="sensitive"
    )
    missing = ("Condition for special categories", "Sales", "Art. 9(2)", "where applicable")
    assert missing in gaps(content("article_30"))
    ProcessingActivity.objects.update(special_condition="Art. 9(2)(h)")
    assert missing not in gaps(content("article_30"))


def test_what_is_gone_from_its_store_is_not_in_the_record(
    shop: System, pg_database: Database, sales: ProcessingActivity
):
    pg_database.execute("DROP TABLE newsletter; ALTER TABLE customer DROP COLUMN phone")
    estate.crawl_again(shop)
    report = content("article_30")
    assert "Telephone number" not in facts(report, "Sales")["Categories of personal data"]
    assert section(report, "Personal data that no activity uses").rows == []


# Classification


def test_the_classification_lists_every_column(shop: System, dana: User):
    System.objects.update(scanned_at=MADE_AT)
    Column.objects.filter(data_set__name="public.customer", name="email").update(
        confidence=0.97, reviewed_by=dana, reviewed_at=MADE_AT
    )
    report = content("classification")
    assert report.subtitle == "1 system, 4 data sets"
    assert (
        report.conclusion == "Reviewed: 14 of 16 columns. Unreviewed, and therefore counted as personal: 2."
    )
    assert section(report, "By sensitivity").rows == [
        ("direct identifier", 6, 6, 0),
        ("quasi-identifier", 0, 0, 0),
        ("sensitive (Art. 9)", 0, 0, 0),
        ("pseudonymous", 2, 2, 0),
        ("not personal", 6, 6, 0),
        ("not classified", 2, 0, 2),
    ]
    assert facts(report, "By sensitivity") == {
        "Columns in all": 16,
        "Counting as personal": 10,
        "Not reviewed yet": 2,
    }
    rows = section(report, "All columns").rows
    assert len(rows) == 16
    assert rows[2] == (
        "shop",
        "public.customer",
        "email",
        "character varying(80)",
        "E-mail address",
        "direct identifier",
        True,
        "confirmed",
        97,
        "Dana",
        MADE_AT,
    )
    assert rows[6][2:] == ("topic", "text", "", "not classified", True, "unreviewed", None, "", None)
    assert section(report, "Not read").rows == []


def test_what_could_not_be_read_is_said(shop: System):
    System.objects.create(name="archive", kind="folder", problem="No folder there.")
    shop.data_sets.filter(name="public.newsletter").update(problem="permission denied")
    report = content("classification")
    assert section(report, "Not read").rows == [
        ("archive", "", "No folder there."),
        ("shop", "", "never scanned"),
        ("shop", "public.newsletter", "permission denied"),
    ]
    assert report.conclusive is False


# Proof of an erasure


def test_an_erasure_is_proven(done: SubjectRequest, amir: User, petra: User, sequenced: Callable):
    report = proof(done)
    assert report.conclusion == (
        "Proven: erased. A second search of 4 data sets found nothing more of the person."
    )
    assert (report.conclusive, failed(report), gaps(report)) == (True, [], [])
    plan = done.plans.get()
    told = facts(report, "Plan 1: executed")
    assert (told["Made by"], told["Approved by"], told["Fingerprint"]) == ("Amir", "Petra", plan.fingerprint)
    rows = section(report, "Plan 1: executed").rows
    assert [row[:8] for row in rows] == [
        (1, "shop", "public.purchase_line", "Delete the rows", 3, 0, [], "done"),
        (2, "shop", "public.purchase", "Delete the rows", 2, 0, [], "done"),
        (3, "shop", "public.customer", "Delete the rows", 1, 0, [], "done"),
        (4, "shop", "public.newsletter", "Delete the rows", 2, 0, [], "done"),
    ]
    assert section(report, "Who acted").rows == [
        ("Amir", "Privacy officer", str(amir.public_id)),
        ("Petra", "Privacy officer", str(petra.public_id)),
    ]
    request = facts(report, "Request")
    assert request["Subject"] == done.subject
    assert request["Verified how"] == "Came in person with a passport."


def test_each_entry_can_be_looked_up(done: SubjectRequest, sequenced: Callable):
    about = [
        entry
        for entry in sequenced()
        if entry.action.split(".")[0] in ("request", "person", "plan", "step", "erasure", "registry")
    ]
    rows = section(proof(done), "Entries of the ledger").rows
    assert [(row[0], row[1], row[3], row[5]) for row in rows] == [
        (entry.number, entry.at, entry.action, bytes(entry.leaf).hex()) for entry in about
    ]
    assert [row[3] for row in rows] == [
        "request.received",
        "request.identity_verified",
        "person.searched",
        "plan.made",
        "plan.approved",
        "registry.registered",
        "plan.started",
        *["step.done"] * 4,
        "erasure.verified",
        "request.completed",
        "request.letter_written",
    ]
    (search,) = section(proof(done), "Searches after the erasure").rows
    assert search[2:] == (0, 4, 0, [])


def test_what_a_hold_keeps_is_proven_with_its_reason(
    held: None, sales: ProcessingActivity, done: SubjectRequest
):
    report = proof(done)
    assert report.conclusion == (
        "Proven: erased, except what a legal hold keeps. "
        "A second search of 4 data sets found nothing more of the person."
    )
    obligation = "Legal obligation or public task, Art. 17(3)(b)"
    staying = section(report, "Rows that stay, and why").rows
    assert staying == [
        (
            1,
            "shop / public.purchase_line",
            3,
            "Keep the rows: nothing in them is personal",
            TAX,
            obligation,
            None,
        ),
        (1, "shop / public.purchase", 2, "Overwrite personal fields", TAX, obligation, None),
        (
            1,
            "shop / public.customer",
            1,
            "Overwrite personal fields",
            "Rows that stay refer to these: 2 in public.purchase.",
            "",
            None,
        ),
    ]
    written = {row[2]: row[6] for row in section(report, "Plan 1: executed").rows}
    assert written["public.purchase"] == ["ip", "ship_to"]
    assert ("1", "shop / public.purchase", "customer_id") in {
        (str(row[0]), row[1], row[2]) for row in section(report, "Values that stay, and why").rows
    }
    assert section(report, "Recipients to be told, Art. 19").rows == [
        ("Sales", ["Tax adviser", "Bank"], ["shop / public.customer", "shop / public.purchase"])
    ]
    assert gaps(report) == [
        (
            "Whether they were told is not recorded: Bank, Tax adviser",
            "Recipients to be told",
            "Art. 19",
            "always",
        )
    ]


def test_before_the_end_nothing_is_proven(shop: System, amir: User, work: Work):
    request = estate.request_of("ana@example.org", amir)
    assert proof(request).conclusion == (
        "Not proven: the request is not complete, its state is “identity verified”."
    )
    assert section(proof(request), "Plans").note == "There is no plan: nothing was written in any store."
    report = proof(estate.find(request, amir, work))
    assert report.conclusion == "Not proven: the request is not complete, its state is “awaiting approval”."
    assert report.conclusive is False
    assert facts(report, "Plan 1: awaiting approval")["Approved by"] == "nobody"
    assert section(report, "Searches after the erasure").rows == []


def test_of_nobody_it_is_proven_that_nothing_was_found(shop: System, amir: User, work: Work):
    request = estate.find(estate.request_of("nobody@example.org", amir), amir, work)
    report = proof(request)
    assert re.fullmatch(
        r"Proven: a search of \d data sets found nothing of the person\. Nothing was erased\.",
        report.conclusion,
    )
    assert report.conclusive is True


def test_overtaken_plans_are_listed(
    planned: SubjectRequest, pg_database: Database, amir: User, petra: User, work: Work
):
    pg_database.execute("ALTER TABLE customer ADD COLUMN nickname text")
    overtaken = estate.approve(planned, petra, work)
    report = proof(overtaken)
    assert report.conclusive is False
    told = facts(report, "Plan 1: overtaken")
    assert (
        told["Said about it"]
        == "The structure of shop / public.customer, or the settings of its system, changed."
    )
    assert section(report, "Plan 1: overtaken").note == "Nothing of this plan was carried out."
    estate.crawl_again(System.objects.get())
    done = estate.approve(estate.find(overtaken, amir, work), petra, work)
    report = proof(done)
    assert (report.conclusive, failed(report)) == (True, [])
    assert [s.heading for s in report.sections if s.heading.startswith("Plan")] == [
        "Plan 1: overtaken",
        "Plan 2: executed",
    ]


def test_residue_is_said_with_its_place(
    planned: SubjectRequest, pg_database: Database, petra: User, work: Work
):
    pg_database.execute("CREATE RULE keep AS ON DELETE TO newsletter DO INSTEAD NOTHING")
    report = proof(estate.approve(planned, petra, work))
    assert report.conclusive is False
    assert report.conclusion.startswith("Not proven: the request is not complete, its state is “")


def test_a_state_the_ledger_does_not_know_proves_nothing(planned: SubjectRequest):
    SubjectRequest.objects.update(state="complete", outcome="erased")
    report = proof(planned)
    assert failed(report) == [
        "The last search, after the last step, found nothing",
        "The request is complete, as the ledger says too",
    ]
    assert report.conclusion == (
        "Not proven, although the console says complete. This does not hold: The last search, after the last step, "
        "found nothing; The request is complete, as the ledger says too."
    )


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda: Step.objects.filter(position=1).update(rows_before=2), "the fingerprint that was approved"),
        (lambda: Plan.objects.update(fingerprint="0" * 64), "the fingerprint that was approved"),
        (lambda: Step.objects.filter(position=1).update(written=["x"]), "as the ledger says too"),
        (lambda: Step.objects.filter(position=1).update(rows_after=1), "as the ledger says too"),
        (lambda: SubjectRequest.objects.update(outcome="all gone"), "The request is complete"),
    ],
)
def test_a_changed_table_is_noticed(done: SubjectRequest, change: Callable[[], int], check: str):
    assert change() == 1
    report = proof(done)
    assert report.conclusive is False
    assert any(check in what for what in failed(report))


def test_a_changed_entry_is_noticed(done: SubjectRequest, sequenced: Callable):
    number = next(entry.number for entry in sequenced() if entry.action == "step.done")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        body = bytes(Entry.objects.get(number=number).body).replace(b'"rows_before":3', b'"rows_before":9')
        Entry.objects.filter(number=number).update(body=body)
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
    report = proof(done)
    assert f"entry {number}" in [row[2] for row in section(report, "Checks").rows if not row[1]]


def test_one_person_alone_proves_nothing(planned: SubjectRequest, amir: User, work: Work):
    plan = planned.plans.get()
    with acting(amir.as_actor()):
        record(events.PLAN_APPROVED, plan, subject=planned.subject, fingerprint=plan.fingerprint)
        Plan.objects.update(state=Plan.State.APPROVED, decided_by=amir)
        SubjectRequest.objects.update(state="approved")
        execution(plan)
    work()
    planned.refresh_from_db()
    assert planned.state == "complete"
    report = proof(planned)
    assert failed(report) == ["Somebody other than who made a plan approved it"]
    assert report.conclusive is False


# One moment


def test_data_and_checkpoint_are_of_one_moment(transactional_db: None):
    controller()
    with snapshot() as checkpoint:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("repeatable read",)
            cursor.execute("SHOW transaction_read_only")
            assert cursor.fetchone() == ("on",)
        elsewhere = threading.Thread(target=_rename_controller)
        elsewhere.start()
        elsewhere.join()
        assert Organisation.objects.get().name == "Shop Ltd"
        assert Head.objects.get().size == checkpoint.size
    assert Organisation.objects.get().name == "Other Ltd"


def _rename_controller() -> None:
    Organisation.objects.update(name="Other Ltd")
    connection.close()


def test_what_waits_is_numbered_and_signed_first(done: SubjectRequest):
    made = document("erasure_proof", request=done.reference)
    head, signed = Head.objects.get(), Checkpoint.objects.latest("size")
    assert (made.checkpoint.size, made.checkpoint.chain) == (head.size, bytes(head.chain).hex())
    assert (made.checkpoint.note, made.as_of) == (signed.note, signed.at.replace(microsecond=0))
    assert made.checkpoint.beyond == 0
    assert made.checkpoint.size >= len(section(made.content, "Entries of the ledger").rows) > 0


def test_the_checkpoint_stays_while_only_reports_are_made(sales: ProcessingActivity):
    first = document("article_30")
    export(first, renderers.get("csv")())
    assert document("article_30").checkpoint == first.checkpoint
    controller()
    with transaction.atomic():
        record(COUNTED, how_many=1, note="")
    later = document("article_30")
    assert later.checkpoint.size == first.checkpoint.size + 2
    assert later.digest != first.digest


def test_a_log_that_has_shrunk_is_said_to_go_on_unsigned(sales: ProcessingActivity):
    first = document("article_30").checkpoint
    Checkpoint.objects.create(size=first.size + 9, root=b"?" * 32, note=first.note, at=MADE_AT)
    with transaction.atomic():
        record(COUNTED, how_many=1, note="")
    made = document("article_30").checkpoint
    assert Alarm.objects.get(settled_at=None).kind == Alarm.Kind.DIVERGED
    assert (made.size, made.root, made.beyond) == (first.size, first.root, 2)  # the alarm too


# Doors


def url(kind: str) -> str:
    return reverse("reports:report", args=[kind])


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_list_and_the_pages(done: SubjectRequest, vera: User, sequenced: Callable):
    browser = client_of(vera)
    listed = browser.get(reverse("reports:reports"))
    shown = {kind for kind in reports.classes if url(kind) in listed.content.decode()}
    assert shown == set(reports.classes) - {"person_jobs"}  # which is for those who handle requests
    assert "Art. 30(1) always asks for" in text(browser.get(url("article_30")))
    asked = browser.get(url("erasure_proof"))
    assert f'href="?request={done.reference}"' in asked.content.decode()
    shown = browser.get(url("erasure_proof"), {"request": done.reference.lower()})
    assert "Proven: erased." in text(shown)
    assert f"?request={done.reference.lower()}&amp;format=csv" in shown.content.decode()
    assert [entry for entry in sequenced() if entry.action == "report.made"] == []


def test_a_download_is_recorded_with_its_hash(done: SubjectRequest, vera: User, sequenced: Callable):
    browser = client_of(vera)
    size = len(sequenced())
    for kind, content_type in (
        ("csv", "text/csv; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
        ("json", "application/json"),
    ):
        answer = browser.get(url("erasure_proof"), {"request": done.reference, "format": kind})
        name = f"erasure-proof-{done.reference.lower()}-at-{size}.{kind}"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        assert (answer["Content-Type"], answer["Cache-Control"]) == (content_type, "no-store")
        entry = sequenced()[-1]
        assert (entry.action, entry.actor, entry.subject) == (
            "report.made",
            str(vera.public_id),
            done.subject,
        )
        assert entry.object_id == str(done.pk)
        told = entry.content["facts"]
        assert told["sha256"] == hashlib.sha256(answer.content).hexdigest()
        # That reports were made changes nothing that any says: the checkpoint stays the same.
        assert (told["kind"], told["format"], told["entries"]) == ("erasure_proof", kind, size)
        assert told["content"] == document("erasure_proof", request=done.reference).digest
    listed = section(proof(done), "Entries of the ledger").rows
    assert "report.made" not in {row[3] for row in listed}


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"request": "R-1999-00001"}, 400, "There is no request with this reference."),
        ({"request": ""}, 400, "This field is required."),
        ({"format": "csv"}, 400, "This field is required."),
        ({"request": "R-1999-00001", "format": "csv"}, 400, "There is no request with this reference."),
    ],
)
def test_a_request_that_is_not_there(db: None, vera: User, query: dict, status: int, words: str):
    answer = client_of(vera).get(url("erasure_proof"), query)
    assert (answer.status_code, words in text(answer)) == (status, True)


def test_what_is_unknown_is_said(db: None, vera: User, amir: User, sequenced: Callable):
    browser = client_of(vera)
    assert browser.get(url("horoscope")).status_code == 404
    wrong = browser.get(url("article_30"), {"format": "docx"})
    assert (wrong.status_code, wrong.content.decode()) == (
        400,
        "There is no format “docx”; there are: csv, html, json, pdf, xlsx.",
    )
    access = estate.request_of("ana@example.org", amir, kind="access")
    refused = browser.get(url("erasure_proof"), {"request": access.reference})
    assert "asks for another right (Access, Art. 15): no erasure to prove." in text(refused)
    assert [entry for entry in sequenced() if entry.action == "report.made"] == []


def test_a_long_table_is_cut_on_the_page_only(shop: System, vera: User):
    data_set = estate.data_set(shop, "newsletter")
    Column.objects.bulk_create(
        Column(data_set=data_set, name=f"extra{n}", position=n, data_type="text", kind="text")
        for n in range(10, 10 + SHOWN_ON_PAGE)
    )
    browser = client_of(vera)
    shown = browser.get(url("classification"))
    assert "The first 200 of 216 rows; the files have all." in text(shown)
    assert shown.content.decode().count(">extra") < SHOWN_ON_PAGE
    whole = browser.get(url("classification"), {"format": "html"})
    assert whole.content.decode().count(">extra") == SHOWN_ON_PAGE


def test_over_rest_in_the_form_asked_for(done: SubjectRequest, vera: User, sequenced: Callable):
    api = api_of(vera)
    listed = {entry["kind"]: entry for entry in api.get(API).json()}
    assert listed["erasure_proof"]["parameters"] == ["request"]
    assert listed["erasure_proof"]["formats"] == ["csv", "html", "json", "pdf", "xlsx"]
    address = listed["erasure_proof"]["url"]
    assert address == f"{API}erasure_proof/"
    query = {"request": done.reference}
    assert api.get(address, query).json()["conclusive"] is True
    for given, accept, content_type in (
        ({"as": "csv"}, "*/*", "text/csv; charset=utf-8"),
        ({"as": "html"}, "application/json", "text/html; charset=utf-8"),
        ({}, "text/csv", "text/csv; charset=utf-8"),
        ({}, "text/html;q=0.5, text/csv;q=0.9", "text/csv; charset=utf-8"),
        ({}, "*/*", "application/json"),
    ):
        answer = api.get(address, {**query, **given}, HTTP_ACCEPT=accept)
        assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
    made = [entry for entry in sequenced() if entry.action == "report.made"]
    assert {entry.actor for entry in made} == {str(vera.public_id)}
    assert [entry.content["facts"]["format"] for entry in made] == [
        "json",
        "csv",
        "html",
        "csv",
        "csv",
        "json",
    ]


def test_over_rest_what_is_wrong_is_a_problem(db: None, vera: User, emil: User, sam: Any):
    api = api_of(vera)
    for query, field in (
        ({}, "request"),
        ({"request": "R-1"}, "request"),
        ({"request": "x", "as": "doc"}, "as"),
    ):
        answer = api.get(f"{API}erasure_proof/", query)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert list(answer.json()["errors"]) == [field]
    assert api.get(f"{API}horoscope/").status_code == 404
    assert api.get(f"{API}article_30/", HTTP_ACCEPT="image/png").status_code == 406
    for client, status in ((api_of(emil), 403), (api_of(vera, "ledger.view"), 403), (sam, 401)):
        assert client.get(API).status_code == status
        assert client.get(f"{API}article_30/").status_code == status


def test_pages_are_closed_to_who_may_not_see_reports(db: None, emil: User, sam: Any):
    for path in (reverse("reports:reports"), url("article_30")):
        assert client_of(emil).get(path).status_code == 403
        assert sam.get(path).status_code == 302


@pytest.mark.parametrize("form", ["pdf", "xlsx"])
def test_the_command_writes_what_is_no_text(db: None, form: str, capfdbinary: pytest.CaptureFixture):
    call_command("report", "article_30", format=form)
    assert capfdbinary.readouterr().out[:4] in (b"%PDF", b"PK\x03\x04")


def test_the_command_writes_a_new_file_only(
    done: SubjectRequest, tmp_path: Path, capsys: pytest.CaptureFixture, sequenced: Callable
):
    call_command("report", "erasure_proof", request=done.reference)
    assert json.loads(capsys.readouterr().out)["parameters"] == {"request": done.reference}
    size = len(sequenced()) - 1  # without that the first was made
    call_command("report", "classification", format="csv", output=tmp_path)
    written = tmp_path / f"classification-at-{size}.csv"
    assert written.read_text().startswith("Section,Report,")
    target = tmp_path / "record.html"
    target.write_text("mine")
    with pytest.raises(CommandError, match=r"record\.html is there already"):
        call_command("report", "article_30", format="html", output=target)
    assert target.read_text() == "mine"
    call_command("report", "article_30", format="html", output=target, force=True)
    assert target.read_text().startswith("<!doctype html>")
    made = [entry for entry in sequenced() if entry.action == "report.made"]
    assert [entry.actor for entry in made] == ["command"] * 3
    with pytest.raises(CommandError, match=r"--request: There is no request with this reference\."):
        call_command("report", "erasure_proof", request="R-1999-00001")
    with pytest.raises(CommandError, match=r"cannot be written: No such file or directory"):
        call_command("report", "article_30", output=tmp_path / "no" / "folder.json")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("analytics/purchases.parquet", "analytics/<wbr>purchases.<wbr>parquet"),
        ("public.customer", "public.customer"),
        ("<b>a_long_name_of_a_column", "&lt;b&gt;a_<wbr>long_<wbr>name_<wbr>of_<wbr>a_<wbr>column"),
        ("2026-11-22 14:01:22 UTC", "2026-11-22 14:01:22\u00a0UTC"),
    ],
)
def test_long_names_may_go_on_in_the_next_line(value: str, shown: str):
    assert plain(value) == shown


def test_the_proof_of_an_erasure_is_open_to_those_who_see_requests(
    db: None, dana: User, ada: User, vera: User
):
    """A report says nothing to whom the pages of the same things are closed."""
    for user in (dana, ada):
        assert "Proof of an erasure" not in client_of(user).get("/reports/").content.decode()
        assert client_of(user).get("/reports/erasure_proof/").status_code == 404
        assert client_of(user).get("/reports/article_30/").status_code == 200
    assert client_of(vera).get("/reports/erasure_proof/").status_code == 200
    narrow, wide = api_of(vera, "reports.view"), api_of(vera, "reports.view", "requests.view")
    kinds = [{report["kind"] for report in api.get("/api/v1/reports/").json()} for api in (narrow, wide)]
    assert kinds[1] - kinds[0] == {"erasure_proof"}
    statuses = [api.get("/api/v1/reports/erasure_proof/").status_code for api in (narrow, wide)]
    assert statuses == [404, 400]
