from __future__ import annotations

import pytest

from governance.console.models import Job
from tests.people import client_of

CURSOR = {
    "read": 1204,
    "written": 1200,
    "set_aside": 4,
    "missed": 0,
    "lag": 17,
    "partitions": {"10": {"next": 400, "lag": 17}, "2": {"next": 804, "lag": 0}},
}
NAMES = {"stream": "anonymize-clean", "source": "signups", "output": "clean", "dead": "signups.dead"}


@pytest.fixture
def running(db):
    return Job.objects.create(
        kind="anonymize.stream",
        title="Stream signups to clean",
        state="running",
        arguments=NAMES,
        cursor=CURSOR,
    )


def test_streams_are_listed_and_other_jobs_are_not(emil, running):
    Job.objects.create(kind="catalog.scan", title="Scan of a shop")
    text = client_of(emil).get("/anonymization/streams/").content.decode()
    assert "Stream signups to clean" in text
    assert "Scan of a shop" not in text
    assert all(f">{number}<" in text.replace("\u202f", ",") for number in ("1,200", "4", "17"))


def test_without_streams_the_page_says_how_to_start_one(emil):
    assert "manage.py stream" in client_of(emil).get("/anonymization/streams/").content.decode()


def test_a_stream_shows_its_partitions_in_order(emil, running):
    text = client_of(emil).get(f"/anonymization/streams/{running.pk}/").content.decode()
    assert text.index("<td>2</td>") < text.index("<td>10</td>")
    assert "signups.dead" in text
    assert f"/jobs/{running.pk}/cancel/" in text


def test_who_may_not_stop_jobs_sees_no_button(vera, running):
    assert "cancel" not in client_of(vera).get(f"/anonymization/streams/{running.pk}/").content.decode()


def test_a_waiting_process_says_so(emil, running):
    Job.objects.update(cursor={})
    assert "No partitions" in client_of(emil).get(f"/anonymization/streams/{running.pk}/").content.decode()


def test_another_job_is_no_stream(emil, db):
    other = Job.objects.create(kind="catalog.scan", title="Scan of a shop")
    assert client_of(emil).get(f"/anonymization/streams/{other.pk}/").status_code == 404
