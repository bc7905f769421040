"""What looks for a person in bytes finds them in every spelling, and nobody else."""

import base64
import gzip
import hashlib
import struct

import pytest

from tests.erasure.everywhere.files import as_avro, as_parquet
from tests.erasure.everywhere.needles import needles_of, standing
from tests.erasure.everywhere.people import BO, ZDENKA, Person

NEEDLES = needles_of(ZDENKA)


def row(person: Person) -> dict[str, object]:
    about = {"email": person.email, "name": person.name, "phone": person.phone}
    return {"customer_id": person.number, "spent": 1} | about


def spelled(person: Person) -> list[bytes]:
    email = person.email.encode()
    return [
        email.upper(),
        person.name.encode("utf-16-le"),
        person.name.encode("iso8859-2"),
        person.name.encode("unicode_escape"),
        *(base64.b64encode(b"x" * before + email + b"y") for before in range(3)),
        hashlib.sha256(email).hexdigest().encode(),
        hashlib.md5(email, usedforsecurity=False).digest(),
        struct.pack("<q", person.number),
        struct.pack(">q", person.number),
        gzip.compress(b"dear " + email),
        as_avro([row(person)]),
        as_parquet([row(person)]),
    ]


@pytest.mark.parametrize("number", range(len(spelled(ZDENKA))))
def test_a_spelling_is_found_of_her_and_of_nobody_else(number: int) -> None:
    assert set(standing(NEEDLES, [("there", spelled(ZDENKA)[number])])) == {"there"}
    assert standing(NEEDLES, [("there", spelled(BO)[number])]) == {}


def test_a_name_of_a_place_is_looked_at_too() -> None:
    assert standing(NEEDLES, [(f"scans/{ZDENKA.number}.pdf", b"")]) == {
        f"scans/{ZDENKA.number}.pdf": {"number"}
    }
