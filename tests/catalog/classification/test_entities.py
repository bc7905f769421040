import socket

import pyarrow as pa
import pytest

from catalog.classification.entities import find_spans, judge_text
from catalog.classification.scoring import classify

NOTES = [
    "Yesterday Angela Merkel called and asked that we send the parcel to 12 Baker Street instead.",
    "I spoke with Barack Obama this morning, he is 62 years old and lives at 1600 Pennsylvania Avenue.",
    "Please write to jane.miller@example.org when the refund has gone out to the customer.",
    "The delivery was late again and the box was damaged, the customer wants the money back.",
]


@pytest.fixture
def offline(monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_free_text_is_read_without_the_network(offline):
    found = {item.category: item for item in judge_text(NOTES)}
    assert {"name.full", "contact.address.street"} <= set(found)
    assert (found["name.full"].sampled, found["name.full"].contained) == (4, True)
    assert not any(word in str(found) for word in ("Angela", "Merkel", "Obama", "Baker"))


def test_spans_say_where(offline):
    (spans,) = find_spans([NOTES[2]])
    assert [
        (span.kind, NOTES[2][span.start : span.end]) for span in spans if span.kind == "EMAIL_ADDRESS"
    ] == [("EMAIL_ADDRESS", "jane.miller@example.org")]


def test_a_column_of_notes_contains_persons():
    verdict = classify("notes", table="ticket", kind="text", values=pa.array(NOTES))
    assert verdict.best.category == "content.free_text"
    assert {"name.full", "contact.email", "contact.address.street"} <= set(verdict.contains)


def test_one_name_proves_nothing_and_nothing_is_nothing():
    assert [item.category for item in judge_text(NOTES[3:])] == []
    assert judge_text([]) == []
