"""Text with persons in it: detected, redacted, and still readable."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retention.anonymization.once import OnceKeys
from retention.anonymization.techniques.base import Environment, TechniqueError
from retention.anonymization.techniques.redact_text import RedactText
from tests.retention.anonymization.people import ask, customers, worked, write

NOTE = "Please call Maria Lopez at maria.lopez@example.org about order 7."


def redact(values: list, **parameters) -> list:
    keys = OnceKeys()
    transform = RedactText(parameters).prepare(pa.string(), Environment("note", keys=keys))
    return transform(pa.array(values, pa.string()), None).to_pylist()


def test_what_tells_of_a_person_becomes_a_word_and_the_rest_stays():
    assert redact([NOTE, None, "", "Nothing here.", NOTE]) == [
        "Please call [FULL NAME] at [E-MAIL ADDRESS] about order 7.",
        None,
        "",
        "Nothing here.",
        "Please call [FULL NAME] at [E-MAIL ADDRESS] about order 7.",
    ]


def test_the_same_mention_has_the_same_pseudonym():
    first, second = redact(
        ["Write to maria.lopez@example.org.", "I asked MARIA.LOPEZ@example.org again."], written="pseudonym"
    )
    word = first.removeprefix("Write to ").removesuffix(".")
    assert word.startswith("[E-MAIL ADDRESS ")
    assert len(word) == len("[E-MAIL ADDRESS ]") + 12
    assert second == f"I asked {word} again."


def test_categories_can_be_spared():
    (text,) = redact(["Maria Lopez moved to Berlin in May."], spare=("location",))
    assert text == "[FULL NAME] moved to Berlin in May."
    with pytest.raises(TechniqueError, match="there is no category nowhere"):
        RedactText({"spare": ["nowhere"]})


def test_long_texts_are_read_piece_by_piece():
    long = "word " * 10_000 + NOTE
    (text,) = redact([long])
    assert text == "word " * 10_000 + "Please call [FULL NAME] at [E-MAIL ADDRESS] about order 7."


def test_numbers_are_refused():
    with pytest.raises(TechniqueError, match=r"cannot treat values of type int64\. It reads text"):
        RedactText().output_type(pa.int64())


@pytest.mark.django_db
def test_text_that_would_be_kept_is_looked_into_and_redacted(tmp_path: Path):
    table = customers(40)
    names = ["Maria Lopez", "John Miller", "Peter Schmidt", "Anna Kowalska"]
    notes = [
        f"Spoke with {names[n % 4]}, write to p{n}@example.org about the invoice soon." for n in range(40)
    ]
    write(tmp_path / "in.parquet", table.append_column("note", pa.array(notes)))
    rules = {"id": "keep", "name": "drop", "email": "drop", "city": "keep", "spent": "keep", "note": "keep"}
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet", rules=rules))
    assert (run.outcome, run.problem) == ("delivered", "")
    (rule,) = (rule for rule in run.rules["rules"] if rule["column"] == "note")
    assert rule["technique"] == "redact_text"
    assert "E-mail address in 40 of 40 texts" in rule["reason"]
    found = pq.read_table(tmp_path / "out.parquet").column("note").to_pylist()
    assert found[0] == "Spoke with [FULL NAME], write to [E-MAIL ADDRESS] about the invoice soon."
    assert not any("@" in note for note in found)
