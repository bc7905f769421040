from audit.ledger.events import EVENTS
from audit.ledger.recording import record
from governance.activities.events import ACTIVITY_ADDED
from governance.console.models import Job
from governance.console.overview import STEPS, cards, checklist, reachable
from tests.people import api_of, client_of


def job(**values):
    return Job.objects.create(kind="test.count", title="Count to three", **values)


def test_checklist_follows_the_ledger(amir, sequenced):
    assert [step["state"] for step in checklist(amir)] == ["current"] + ["waiting"] * 4
    record(ACTIVITY_ADDED, lawful_basis="contract")
    sequenced()
    assert [step["state"] for step in checklist(amir)] == ["current", "waiting", "waiting", "done", "waiting"]


def test_checklist_names_events_that_exist():
    assert [step.event for step in STEPS if step.event not in EVENTS] == []


def test_overview_leaves_out_what_a_role_may_not_open(emil, amir):
    titles = {user.username: [card["title"] for card in cards(user)] for user in (emil, amir)}
    assert "Ledger" in titles["amir"]
    assert "Ledger" not in titles["emil"]
    assert reachable(emil, "ledger:entries") == ""
    assert reachable(emil, "nowhere:nothing") == ""
    page = client_of(emil).get("/")
    assert (page.status_code, page.content.decode().count("data-card")) == (200, len(titles["emil"]))


def test_running_job_asks_for_itself_again_and_an_ended_one_does_not(vera):
    browser = client_of(vera)
    running = job(state="running", done=1, total=3)
    url = f"/jobs/{running.pk}/progress/"
    text = browser.get(url).content.decode()
    assert f'hx-get="{url}?watching=1" hx-trigger="every 1s"' in text
    assert "HX-Refresh" not in browser.get(f"{url}?watching=1")
    Job.objects.update(state="done", done=3)
    ended = browser.get(url)
    assert "hx-" not in ended.content.decode()
    assert "3 of 3 done" in ended.content.decode()
    assert "HX-Refresh" not in ended
    assert browser.get(f"{url}?watching=1")["HX-Refresh"] == "true"


def test_job_page_offers_to_stop_to_those_who_may(vera, emil):
    running = job(state="running")
    assert "Stop" not in client_of(vera).get(f"/jobs/{running.pk}/").content.decode()
    assert "Stop" in client_of(emil).get(f"/jobs/{running.pk}/").content.decode()


def test_stopping_a_job_is_asked_and_recorded(emil, sequenced):
    running = job(state="running")
    answer = client_of(emil).post(f"/jobs/{running.pk}/cancel/")
    assert answer["Location"] == f"/jobs/{running.pk}/"
    running.refresh_from_db()
    assert (running.state, running.cancel_requested) == ("running", True)
    (entry,) = sequenced()
    assert (entry.action, entry.object_id, entry.actor) == (
        "job.cancelled",
        str(running.pk),
        str(emil.public_id),
    )


def test_jobs_over_the_api_filter_as_the_page_does(emil, sequenced):
    queued, done = job(), job(state="done")
    program = api_of(emil)
    assert [row["id"] for row in program.get("/api/v1/jobs/?state=done").json()["results"]] == [str(done.pk)]
    page = client_of(emil).get("/jobs/?state=done").content.decode()
    assert (f"row-{done.pk}" in page, f"row-{queued.pk}" in page) == (True, False)
    assert program.post(f"/api/v1/jobs/{queued.pk}/cancel/").json()["state"] == "cancelled"
    refused = program.post(f"/api/v1/jobs/{done.pk}/cancel/")
    assert (refused.status_code, refused.json()["detail"]) == (409, "The job has ended already.")


def test_api_describes_itself_to_anybody(sam):
    answer = sam.get("/api/v1/schema/?format=json")
    assert answer.status_code == 200
    paths = answer.json()["paths"]
    assert {"/api/v1/me/", "/api/v1/tokens/", "/api/v1/jobs/{id}/cancel/", "/api/v1/people/"} <= paths.keys()
