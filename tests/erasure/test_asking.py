"""A search stops and asks before anything is planned: where an identifier seems to be many persons', or two's."""

import pytest
from django.core.exceptions import ValidationError

from audit.ledger.context import acting
from erasure import asking
from erasure.models import Question, SubjectRequest
from erasure.requests import intake, starting
from erasure.requests.states import NotNow
from erasure.searching import find_persons
from tests.erasure.estate import approve, entries, find, request_of
from tests.erasure.officers import offered, text_of
from tests.people import api_of

ACCEPTED, EXCLUDED = "accepted", "excluded"


@pytest.fixture
def crowded(shop, shop_database):
    """Ana's address stands in two of five letters of the newsletter, 400 of 1,000."""
    shop_database.execute(
        "TRUNCATE newsletter; INSERT INTO newsletter "
        "SELECT CASE WHEN n % 5 < 2 THEN 'ana@example.org' ELSE n || '@example.org' END, '' "
        "FROM generate_series(1, 1000) n"
    )
    return shop


def again(request: SubjectRequest, amir, work) -> SubjectRequest:
    with acting(amir.as_actor()):
        starting.search(request)
    work()
    request.refresh_from_db()
    return request


def answered(question: Question, answer: str, amir) -> None:
    with acting(amir.as_actor()):
        asking.answer(question, answer=answer, reason="Checked with support.", by=amir)


def test_an_identifier_in_two_of_five_rows_stops_the_search(crowded, amir, petra, work, shop_database):
    request = find(request_of("ana@example.org", amir), amir, work)
    (question,) = request.questions.all()
    assert str(question) == (
        "The e-mail address stands in 400 of 1,000 rows of shop / public.newsletter (email), 40% of all."
    )
    assert (request.state, request.hits.count(), request.plans.count()) == ("verified", 0, 0)
    assert request.problem == (
        "The search stopped to ask whose the rows in shop / public.newsletter are: answer below."
    )
    assert entries("person.search_stopped") == [{"questions": 1}]
    assert offered(request, amir)[0] == "Answer the question"
    answered(question, ACCEPTED, amir)
    assert entries("question.answered") == [
        {
            "data_set": "shop / public.newsletter",
            "category": "contact.email",
            "answer": "accepted",
            "reason": "Checked with support.",
        }
    ]
    again(request, amir, work)
    assert (request.state, request.problem) == ("planned", "")
    assert approve(request, petra, work).state == "complete"
    assert shop_database.execute("SELECT count(*) FROM newsletter") == [(600,)]


def test_an_excluded_identifier_is_not_looked_for_there_nor_afterwards(
    crowded, amir, petra, work, shop_database
):
    request = find(request_of("ana@example.org", amir), amir, work)
    answered(request.questions.get(), EXCLUDED, amir)
    again(request, amir, work)
    assert request.state == "planned"
    assert "public.newsletter" not in {hit.data_set.name for hit in request.hits.all()}
    assert approve(request, petra, work).state == "complete"
    assert shop_database.execute("SELECT count(*) FROM newsletter") == [(1000,)]
    assert shop_database.execute("SELECT id FROM customer ORDER BY id") == [(2,), (3,)]


def test_a_quarter_of_a_table_is_not_asked_about_nor_is_a_small_table(shop, shop_database, amir, work):
    shop_database.execute(
        "TRUNCATE newsletter; INSERT INTO newsletter "
        "SELECT CASE WHEN n % 4 = 0 THEN 'bo@example.org' ELSE n::text END, '' "
        "FROM generate_series(1, 1000) n"
    )
    request = find(request_of("bo@example.org", amir), amir, work)
    assert (request.state, request.questions.count()) == ("planned", 0)


def test_the_share_is_a_setting(crowded, amir, work, settings):
    settings.SEARCH_ASKS_ABOVE = 40
    request = find(request_of("ana@example.org", amir), amir, work)
    assert (request.state, request.questions.count()) == ("planned", 0)


def test_two_persons_who_share_an_address_stop_the_search(shop, shop_database, amir, work):
    shop_database.execute(
        "ALTER TABLE customer DROP CONSTRAINT customer_email_key;"
        "INSERT INTO customer VALUES (4, 'Ada Lima', 'Ana@example.org', NULL, NULL)"
    )
    request = find(request_of("ana@example.org", amir), amir, work)
    (question,) = request.questions.all()
    assert str(question) == (
        "The e-mail address stands in 2 rows of shop / public.customer (email), "
        "which have 2 different values of id."
    )
    assert (request.state, request.hits.count()) == ("verified", 0)
    answered(question, EXCLUDED, amir)
    with acting(amir.as_actor()):
        intake.add_identifier(request, "id.customer", "1")
    again(request, amir, work)
    assert request.state == "planned"
    assert {hit.data_set.name: hit.rows for hit in request.hits.all()}["public.customer"] == 1


def test_two_identifiers_of_one_person_are_no_two_persons(shop, amir, work):
    request = request_of("ana@example.org", amir)
    with acting(amir.as_actor()):
        intake.add_identifier(request, "contact.email", "bo@example.org")
    request = find(request, amir, work)
    assert (request.state, request.questions.count()) == ("planned", 0)


def test_only_the_one_who_is_in_doubt_waits(crowded, amir, work):
    ana, bo = request_of("ana@example.org", amir), request_of("bo@example.org", amir)
    list(find_persons([ana, bo]))
    ana.refresh_from_db()
    bo.refresh_from_db()
    assert (ana.state, ana.questions.count(), bo.state, bo.questions.count()) == ("verified", 1, "found", 0)


def test_a_question_is_answered_on_the_page_once_and_with_a_reason(crowded, amir, vera, officer, work):
    request = find(request_of("ana@example.org", amir), amir, work)
    question = request.questions.get()
    page = text_of(officer.get(request.get_absolute_url()))
    assert "stands in 400 of 1,000 rows" in page
    address = f"{request.get_absolute_url()}questions/{question.pk}/"
    assert address in page
    assert officer.post(address, {"answer": "accepted", "reason": " "}).status_code == 422
    assert officer.post(address, {"answer": "maybe", "reason": "x"}).status_code == 422
    assert officer.post(address, {"answer": "accepted", "reason": "Their own list."}).status_code == 302
    assert officer.post(address, {"answer": "excluded", "reason": "No."}).status_code == 409
    page = text_of(officer.get(request.get_absolute_url()))
    assert "Their own list." in page
    assert "The rows are this person&#x27;s" in page
    other = find(request_of("bo@example.org", amir), amir, work)
    assert officer.get(f"{other.get_absolute_url()}questions/{question.pk}/").status_code == 404


def test_a_question_is_answered_over_rest(crowded, amir, vera, work):
    request = find(request_of("ana@example.org", amir), amir, work)
    question = request.questions.get()
    address = f"/api/v1/requests/{request.pk}/"
    shown = api_of(vera).get(address).json()["questions"]
    assert [(one["id"], one["rows"], one["of_rows"], one["answer"]) for one in shown] == [
        (question.pk, 400, 1000, "")
    ]
    body = {"question": question.pk, "answer": "excluded", "reason": "A placeholder."}
    assert api_of(vera).post(f"{address}answer/", body, format="json").status_code == 403
    api = api_of(amir)
    assert api.post(f"{address}answer/", {**body, "question": 0}, format="json").status_code == 404
    assert api.post(f"{address}answer/", {**body, "answer": "maybe"}, format="json").status_code == 400
    assert api.post(f"{address}answer/", body, format="json").json()["questions"][0]["answer"] == "excluded"
    assert api.post(f"{address}answer/", body, format="json").status_code == 409


def test_an_answer_needs_a_reason(crowded, amir, work):
    question = find(request_of("ana@example.org", amir), amir, work).questions.get()
    with acting(amir.as_actor()):
        with pytest.raises(ValidationError, match="Give the reason"):
            asking.answer(question, answer=ACCEPTED, reason="  ", by=amir)
        asking.answer(question, answer=ACCEPTED, reason="Checked.", by=amir)
        with pytest.raises(NotNow, match="answered already"):
            asking.answer(question, answer=EXCLUDED, reason="Checked.", by=amir)
