"""Which runs processed a person, without a row for each person."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention.anonymization import touching
from retention.anonymization.touching import runs_of
from tests.retention.anonymization.people import ask, customers, worked, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_techniques")]


def test_a_person_is_found_in_the_runs_that_processed_them_and_in_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sequenced
):
    monkeypatch.setattr(touching, "PIECE", 64)
    runs = []
    for number, (start, person) in enumerate([(1, "email"), (501, "email"), (1, "id"), (1, "")]):
        write(tmp_path / f"{number}.parquet", customers(1_000, start=start))
        runs.append(
            worked(ask(tmp_path / f"{number}.parquet", tmp_path / f"out{number}.parquet", person=person))
        )
    assert {run.outcome for run in runs} == {"delivered"}
    first, second, third, last = runs

    assert runs_of("p2@example.org") == [first]
    assert runs_of("  P600@EXAMPLE.org ") == [second, first]
    assert runs_of("p1500@example.org") == [second]
    assert runs_of("1000") == [third]
    assert runs_of("p7@example.org") == []  # the seventh has none
    assert runs_of("nobody@example.org") == runs_of("") == []

    pieces = first.touched.order_by("first")
    assert pieces.count() == 14  # 858 persons, 64 in a piece
    assert sum(len(piece.hashes) for piece in pieces) == 8 * 858
    assert not last.touched.exists()

    asked = [entry.content["facts"] for entry in sequenced() if entry.action == "anonymization.sought"]
    assert asked[0] == {"jobs": 1}
    completed = [e.content["facts"]["persons"] for e in sequenced() if e.action == "anonymization.completed"]
    assert completed == [858, 857, 1_000, 0]
