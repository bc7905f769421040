"""The doors that producers post to, and the lists of what came."""

import gzip
from typing import Any

import orjson
import pytest
from rest_framework.test import APIClient

from catalog.lineage import bodies, receiving
from catalog.models import Edge, LineageEvent, LineageJob, LineageRun
from governance.console.models import User
from tests.catalog.lineage.openlineage import data_set, facet, run_event, send
from tests.people import api_of

ONE, MANY = "/api/v1/lineage", "/api/v1/lineage/batch"
TOO_LARGE = f"The body may have {bodies.LIMIT:,} bytes, also after unpacking: send fewer events at a time."


def post(client: APIClient, path: str, body: bytes, **headers: str) -> Any:
    return client.generic("POST", path, body, content_type="application/json", headers=headers)


@pytest.fixture
def producer(emil: User) -> APIClient:
    return api_of(emil, "lineage.send")


def event() -> dict:
    return run_event(inputs=[data_set("shop.a")], outputs=[data_set("shop.b")])


def test_one_event_is_stored(producer: APIClient):
    answer = producer.post(ONE, event(), format="json")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "success",
            "summary": {"received": 1, "successful": 1, "failed": 0, "retriable": 0, "non_retriable": 0},
            "failed_events": [],
        },
    )
    assert Edge.objects.count() == 1


def test_batch_tells_which_events_failed_and_why(producer: APIClient):
    answer = producer.post(MANY, [event(), {"job": 7}, "nothing", event()], format="json")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "partial_success",
            "summary": {"received": 4, "successful": 2, "failed": 2, "retriable": 0, "non_retriable": 2},
            "failed_events": [
                {"index": 1, "reason": "eventTime: is missing.", "retriable": False},
                {"index": 2, "reason": "An event must be an object.", "retriable": False},
            ],
        },
    )
    assert LineageEvent.objects.count() == 2


def test_empty_batch_is_a_success(producer: APIClient):
    assert producer.post(MANY, [], format="json").json()["summary"]["received"] == 0


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 422, "eventTime: is missing."),
        (
            b'{"a": NaN}',
            400,
            "JSON parse error - unexpected character, expected a JSON value: line 1 column 7 (char 6)",
        ),
        (
            b'{"a": 1e999}',
            400,
            "JSON parse error - number is infinity when parsed as double: line 1 column 7 (char 6)",
        ),
        (b"[" * 5_000, 400, "JSON parse error - depth limit exceeded: line 1 column 1026 (char 1025)"),
        (b'{"a":' * 1_000 + b"1" + b"}" * 1_000, 422, None),
        (
            b'"\xff"',
            400,
            "JSON parse error - str is not valid UTF-8: surrogates not allowed: line 1 column 1 (char 0)",
        ),
        (b"[]", 422, "An event must be an object."),
        (b"null", 422, "An event must be an object."),
        (b'{"eventTime": "\\u0000"}', 422, "eventTime: has a zero byte."),
        (b" " * (bodies.LIMIT + 1), 413, TOO_LARGE),
    ],
)
def test_bad_bodies_are_refused(body: bytes, status: int, detail: str | None, producer: APIClient):
    answer = post(producer, ONE, body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert detail is None or answer.json()["detail"] == detail
    assert LineageEvent.objects.count() == 0


def test_batch_that_is_no_list_is_refused(producer: APIClient):
    answer = producer.post(MANY, event(), format="json")
    assert (answer.status_code, answer.json()["detail"]) == (400, "A batch is a list of events.")


def test_gzip_is_unpacked(producer: APIClient):
    body = gzip.compress(orjson.dumps(event()))
    assert post(producer, ONE, body, **{"Content-Encoding": "gzip"}).status_code == 200
    assert Edge.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "encoding", "status", "detail"),
    [
        (gzip.compress(b" " * (bodies.LIMIT * 20)), "gzip", 413, TOO_LARGE),
        (b"{}", "gzip", 400, "The body is not gzip, though Content-Encoding says so."),
        (
            gzip.compress(b"{}", mtime=0)[:-4],
            "gzip",
            400,
            "The gzip body ends too early, or goes on after its end.",
        ),
        (
            gzip.compress(b"", mtime=0) * 3,
            "gzip",
            400,
            "The gzip body ends too early, or goes on after its end.",
        ),
        (b"{}", "br", 415, "Send the body plain or with Content-Encoding: gzip."),
    ],
)
def test_bad_encodings_are_refused(body: bytes, encoding: str, status: int, detail: str, producer: APIClient):
    answer = post(producer, ONE, body, **{"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


def test_declared_length_beyond_the_limit_is_not_even_read(producer: APIClient):
    answer = post(producer, ONE, b"{}", **{"Content-Length": str(bodies.LIMIT + 1)})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", [ONE, MANY])
def test_only_a_token_for_it_may_send(path: str, emil: User, dana: User):
    assert APIClient().post(path, event(), format="json").status_code == 401
    assert api_of(emil, "catalog.view").post(path, event(), format="json").status_code == 403
    assert api_of(dana).post(path, event(), format="json").status_code == 403
    assert LineageEvent.objects.count() == 0


def test_lists_are_filtered_and_paged(emil: User, vera: User):
    sql = {"sql": facet(query="SELECT 'x@example.com'"), "gone": {"_deleted": True}}
    send(
        run_event("START", at="2026-03-01T10:00:00Z", job="load", job_facets=sql),
        run_event("COMPLETE", at="2026-03-02T10:00:00Z", job="load"),
        run_event("FAIL", at="2026-03-03T10:00:00Z", job="export"),
    )
    client = api_of(vera)

    def results(query: str) -> list[dict]:
        answer = client.get(f"/api/v1/lineage/{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    load = LineageJob.objects.get(name="load")
    assert [job["name"] for job in results("jobs/")] == ["export", "load"]
    assert [job["id"] for job in results("jobs/?q=LOA&problem=false")] == [load.pk]
    assert "sql" not in results("jobs/")[0]
    assert [run["state"] for run in results(f"runs/?job={load.pk}")] == ["COMPLETE", "START"]
    assert [run["job"] for run in results("runs/?state=START")] == [load.pk]
    run = LineageRun.objects.get(state="FAIL")
    assert [one["event_type"] for one in results(f"events/?run_id={run.run_id}")] == ["FAIL"]
    within = "since=2026-03-02T00:00:00Z&until=2026-03-03T00:00:00Z"
    assert [one["event_type"] for one in results(f"events/?{within}")] == ["COMPLETE"]
    assert [one["event_type"] for one in results("events/?page=2&page_size=2")] == ["START"]
    assert "payload" not in results("events/")[0]


def test_payloads_and_sql_are_for_those_who_may_see_values(emil: User, vera: User):
    sql = {"sql": facet(query="SELECT 'x@example.com'"), "gone": {"_deleted": True}}
    send(run_event(job_facets=sql))
    stored, job = LineageEvent.objects.get(), LineageJob.objects.get()
    paths = (f"/api/v1/lineage/events/{stored.pk}/", f"/api/v1/lineage/jobs/{job.pk}/")
    assert [api_of(vera).get(path).status_code for path in paths] == [403, 403]
    told, of_job = (api_of(emil).get(path).json() for path in paths)
    assert told["payload"] == stored.payload
    assert (of_job["sql"], sorted(of_job["facets"])) == ("SELECT 'x@example.com'", ["sql"])


def test_values_in_an_expression_are_for_who_may_scan(producer: APIClient, emil: User, vera: User):
    query = "INSERT INTO shop.b (x) SELECT a || 'anna@example.org' FROM shop.a"
    told = run_event(
        inputs=[data_set("shop.a", schema={"fields": [{"name": "a"}]})],
        outputs=[data_set("shop.b", schema={"fields": [{"name": "x"}]})],
    )
    told["job"]["facets"] = {"sql": facet(query=query, dialect="postgres")}
    assert producer.post(ONE, told, format="json").status_code == 200

    def evidence(client: APIClient) -> list[str]:
        return [edge["evidence"] for edge in client.get("/api/v1/edges/").json()["results"]]

    assert evidence(api_of(emil)) == ["a || 'anna@example.org'"]
    assert evidence(api_of(emil, "catalog.view")) == [""]
    assert evidence(api_of(vera)) == [""]


def test_edges_of_a_batch_are_bounded(producer: APIClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(receiving, "MOST_EDGES", 2)
    wide = run_event(
        inputs=[data_set("shop.a"), data_set("shop.c")], outputs=[data_set("shop.b"), data_set("shop.d")]
    )
    answer = producer.post(MANY, [event(), wide, event(), event(), run_event()], format="json").json()
    reason = "The batch makes more than 2 edges: send this event in another."
    assert answer["failed_events"] == [
        {"index": 1, "reason": reason, "retriable": True},
        {"index": 3, "reason": reason, "retriable": True},
    ]
    assert LineageEvent.objects.count() == 3
