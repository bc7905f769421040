"""What somebody may try through a job: carry values out, lead it elsewhere, or bring it to a stop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.urls import reverse

from catalog.contracts.document import Document, Field
from catalog.models import DataSet, System
from governance.console import jobs
from governance.console.models import Job, User
from retention.anonymization import allowing, pipeline, requesting, sending, staging
from retention.anonymization.destinations import DestinationError
from retention.anonymization.destinations.parsing import in_outlet
from retention.anonymization.models import Outlet, Run
from retention.anonymization.previewing import preview
from retention.anonymization.rule_files import rules_from
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import TechniqueError
from tests.people import api_of, client_of
from tests.retention.anonymization.people import ask, customers, worked, write
from tests.services.fixtures import Database

pytestmark = pytest.mark.django_db
JOBS = "/api/v1/anonymization/jobs/"


def body(**changes: object) -> dict[str, object]:
    return {
        "data_set": DataSet.objects.get().pk,
        "outlet": Outlet.objects.get().pk,
        "name": "customer",
        **changes,
    }


def test_direct_identifiers_are_kept_by_officers_or_contracts_only(
    store: System, dana: User, emil: User, amir: User
):
    """Whoever may see values masked, or not at all, does not get them plain by having them copied."""
    for user in (dana, emil):
        answer = api_of(user).post(JOBS, body(rules={"email": "keep"}), format="json")
        assert answer.status_code == 400
        assert "email: direct identifiers may be kept by a privacy officer" in answer.json()["detail"]
    query = "&".join(f"{name}={value}" for name, value in body(use="analytics", runner="local").items())
    rules = {f"technique_{place}": "keep" for place in range(5)}
    page = client_of(dana).post(f"{reverse('anonymization:review')}?{query}", rules)
    assert page.status_code == 422
    assert "name, email: direct identifiers may be kept" in page.content.decode()
    assert not Run.objects.exists()
    assert api_of(amir).post(JOBS, body(rules={"email": "keep"}), format="json").status_code == 201


def test_what_a_contract_keeps_anybody_may_run(store: System, dana: User):
    fields = tuple(Field(name, masking={"analytics": "keep"}) for name in ("name", "email"))
    spec = {"system": store.pk, "data_set": "public.customer"}
    document = Document("customer", "1.0.0", fields=fields)
    made = requesting.draft(spec, use="analytics", document=document, look=False)
    assert made.by_hand == frozenset()
    requesting.require_right(made, dana)


def test_nobody_writes_that_a_contract_said_so(store: System, emil: User, sequenced):
    rule = {"technique": "redact", "reason": "The contract says so for analytics."}
    made = api_of(emil).post(JOBS, body(rules={"city": rule}), format="json")
    assert made.status_code == 201
    (asked,) = (entry for entry in sequenced() if entry.action == "anonymization.requested")
    reasons = {each["column"]: each["reason"] for each in asked.content["facts"]["rules"]}
    assert reasons["city"] == "Given with the request. The contract says so for analytics."


def test_a_job_does_not_deliver_to_what_was_closed_meanwhile(
    store: System, pg_database: Database, emil: User, work: Callable[[], list[Job]]
):
    assert api_of(emil).post(JOBS, body(), format="json").status_code == 201
    allowing.close_outlet(Outlet.objects.get())
    work()
    run = Run.objects.get()
    assert (run.outcome, run.problem) == (
        "failed",
        "Jobs may not deliver there any more; nothing was delivered. Ask for a job that delivers elsewhere.",
    )
    assert pg_database.execute("SELECT to_regclass('safe.customer')") == [(None,)]


@pytest.fixture
def lake(tmp_path: Path, settings) -> Outlet:
    settings.FOLDER_ROOTS = [tmp_path]
    for name in ("lake/safe", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    system = System.objects.create(name="Lake", kind="folder", settings={"path": str(tmp_path / "lake")})
    return allowing.open_outlet(system, inside="safe")


@pytest.mark.usefixtures("small_techniques")
@pytest.mark.parametrize("name", ["up/out.parquet", "up/out/"])
def test_a_link_leads_no_output_out_of_the_folder(lake: Outlet, tmp_path: Path, name: str):
    write(tmp_path / "in.parquet", customers(5))
    (tmp_path / "lake/safe/up").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DestinationError, match="leads out of what jobs may deliver to"):
        ask(tmp_path / "in.parquet", f"Lake/{name}")
    (tmp_path / "lake/safe/up").unlink()
    (tmp_path / "lake/safe/up").mkdir()
    run = ask(tmp_path / "in.parquet", f"Lake/{name}")
    (tmp_path / "lake/safe/up").rmdir()
    (tmp_path / "lake/safe/up").symlink_to(tmp_path / "elsewhere")
    assert "leads out of what jobs may deliver to" in worked(run).problem
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.usefixtures("small_techniques")
@pytest.mark.parametrize("name", ["out.parquet", "out/"])
def test_what_somebody_put_there_while_a_job_ran_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    write(tmp_path / "in.parquet", customers(5))
    worked(ask(tmp_path / "in.parquet", f"{tmp_path}/{name}"))
    mine = tmp_path / name / "mine.txt" if name.endswith("/") else tmp_path / name
    validate = pipeline.validate

    def meanwhile(*args):
        yield from validate(*args)
        mine.write_text("mine")

    monkeypatch.setattr(pipeline, "validate", meanwhile)
    run = worked(ask(tmp_path / "in.parquet", f"{tmp_path}/{name}", overwrite=True))
    assert "is not what an earlier job delivered there; it is not replaced" in run.problem
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("name", [".", "./", "../x.parquet", "/x.parquet"])
def test_the_folder_of_an_outlet_is_no_output_itself(lake: Outlet, name: str):
    with pytest.raises(DestinationError, match="leads out of what jobs may deliver to"):
        in_outlet(lake, name)


@pytest.mark.usefixtures("small_techniques")
def test_a_worker_killed_after_the_record_leaves_no_rows_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "in.parquet", customers(5))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet")
    with monkeypatch.context() as killed:
        killed.setattr(pipeline.staging, "discard", lambda run: None)
        assert worked(run).outcome == "delivered"
    staging.spool_of(run).mkdir(parents=True)
    Job.objects.filter(pk=run.job_id).update(state=Job.State.QUEUED, finished_at=None)
    jobs.run(str(run.job_id))
    assert not staging.spool_of(run).exists()
    assert not staging.staging_of(run).exists()


def test_a_preview_hides_what_a_technique_left_as_it_was(store: System):
    rules = {"spent": {"technique": "generalize_limits", "parameters": {"upper": 5.0}}}
    spec = {"system": store.pk, "data_set": "public.customer"}
    made = requesting.draft(spec, use="analytics", look=False, given=rules_from(rules, reason="By hand."))
    shown = preview(made, plain=False)
    place = list(shown.columns).index("spent")
    plain = [row[place] for row in preview(made).after]
    assert plain[0] == "0.25"
    assert "0.25" not in [row[place] for row in shown.after]
    assert shown.after[-1][place] == "5.0"


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("redact", {"text": "x" * 1_001}, "redact.text may have 1,000 characters at most"),
        ("ff1", {"tweak": "x" * 1_001}, "ff1.tweak may have 1,000 characters at most"),
        ("generalize_bins", {"edges": ["1e999999999"]}, "of at most 300 digits"),
        ("generalize_bins", {"edges": ["1"] * 10_001}, "may have 10,000 items at most"),
    ],
)
def test_parameters_cannot_fill_the_memory(kind: str, parameters: dict, said: str):
    with pytest.raises(TechniqueError, match=said):
        registry.get(kind)(parameters)


class Endless(BaseHTTPRequestHandler):
    """Takes the event, and then never ends its answer."""

    ended = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "1000000000")
        self.end_headers()
        self.wfile.write(b"x")
        self.wfile.flush()
        self.ended.wait(60)

    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""


def test_a_receiver_that_never_ends_its_answer_has_the_event_all_the_same():
    server = HTTPServer(("127.0.0.1", 0), Endless)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        sink = allowing.add_sink("Hook", url=f"http://127.0.0.1:{server.server_port}/")
        sending.deliver(sink, json.dumps({}).encode())
    finally:
        Endless.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_of_a_webhook_only_the_host_is_shown_and_recorded(emil: User, sequenced):
    url = "https://hooks.example.org/services/T0/secret"
    browser = client_of(emil)
    assert browser.post(reverse("anonymization:sink_add"), {"name": "Chat", "url": url}).status_code == 302
    page = browser.get(reverse("anonymization:delivery")).content.decode()
    assert "https://hooks.example.org/…" in page
    assert "services/T0" not in page
    (added,) = (entry for entry in sequenced() if entry.action == "sink.added")
    assert added.content["facts"]["where"] == "https://hooks.example.org/…"
    with_password = {"name": "Other", "url": "https://me:secret@example.org/"}
    assert browser.post(reverse("anonymization:sink_add"), with_password).status_code == 422
