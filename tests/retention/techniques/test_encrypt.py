from typing import Any

import pyarrow as pa
import pytest

from retention.anonymization import sealing
from retention.anonymization.revealing import reveal
from retention.anonymization.sealing import Sealer, read_sealed
from retention.anonymization.techniques.base import Environment, TechniqueError
from retention.anonymization.techniques.encrypt import Encrypt
from tests.retention.techniques.doubles import KeysDouble, environment

# AES-256 test cases 13 to 16 of "The Galois/Counter Mode of Operation" (McGrew and Viega, submission to NIST, 2005):
# key, nonce, associated data, plaintext, ciphertext, tag.
_KEY = "feffe9928665731c6d6a8f9467308308" * 2
_TEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
_CIPHER = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)
GCM = [
    ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    (
        "00" * 32,
        "00" * 12,
        "",
        "00" * 16,
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
    ),
    (_KEY, "cafebabefacedbaddecaf888", "", _TEXT, _CIPHER, "b094dac5d93471bdec1a502270e3cc6c"),
    (
        _KEY,
        "cafebabefacedbaddecaf888",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        _TEXT[:120],
        _CIPHER[:120],
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
]


@pytest.mark.parametrize(("key", "nonce", "bound_to", "plaintext", "ciphertext", "tag"), GCM)
def test_published_vectors(
    key: str, nonce: str, bound_to: str, plaintext: str, ciphertext: str, tag: str
) -> None:
    sealer = Sealer(bytes.fromhex(key), bytes.fromhex(bound_to))
    sealed = sealer.seal_one(bytes.fromhex(plaintext), bytes.fromhex(nonce))
    assert sealed.hex() == nonce + ciphertext + tag
    assert sealer.open(sealed).hex() == plaintext


def encrypted(
    values: pa.Array, context: Environment, person: pa.Array | None = None, **parameters: Any
) -> tuple[Encrypt, pa.Array]:
    technique = Encrypt(parameters)
    return technique, technique.prepare(values.type, context)(values, person)


def test_equal_values_look_different_and_say_their_key() -> None:
    keys, values = KeysDouble(), pa.array(["ana", "ana", None, ""])
    technique, made = encrypted(values, environment(keys=keys))
    texts = made.to_pylist()
    assert texts[0] != texts[1]
    assert [None if text is None else text.rpartition(".")[0] for text in texts] == [
        "anonymization/1",
        "anonymization/1",
        None,
        "anonymization/1",
    ]
    keys.rotate("anonymization")  # what was made by older versions stays readable
    assert reveal(made, technique, environment(keys=keys), given=values.type).equals(values)


def test_binary_is_the_same_in_bytes() -> None:
    technique, made = encrypted(pa.array(["ana"]), environment(), written="binary")
    written = made[0].as_py()
    assert written[:17] == b"\x01\x0fanonymization/1"
    assert len(written) == 17 + 12 + 3 + 16
    assert read_sealed(written)[0] == "anonymization/1"
    assert reveal(made, technique, environment(), given=pa.string()).to_pylist() == ["ana"]


def test_a_value_moved_or_changed_does_not_open() -> None:
    technique, made = encrypted(pa.array(["ana@example.org"]), environment("email"))
    text = made[0].as_py()
    place = len(text) - 20
    changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    keys = KeysDouble()
    elsewhere = [
        (environment("phone"), text),
        (Environment("email", "shop.supplier", keys), text),
        (environment("email"), changed),
        (environment("email"), text.replace("anonymization/1", "other/1")),
        (environment("email"), "anonymization/1.AAAA"),
        (environment("email"), "ana@example.org"),
    ]
    for context, given in elsewhere:
        with pytest.raises(TechniqueError, match="does not open") as refusal:
            reveal(pa.array([given]), technique, context, given=pa.string())
        assert "ana@" not in str(refusal.value)


def test_who_is_shredded_cannot_be_read_any_more() -> None:
    keys = KeysDouble()
    values, persons = (
        pa.array(["ana", "bo", "ana 2", "nobody's", None]),
        pa.array(["p1", "p2", "p1", None, "p2"]),
    )
    technique, made = encrypted(values, environment(keys=keys), persons, per_person=True)
    assert technique.needs_person
    assert made.to_pylist()[3:] == [None, None]

    def back(person: pa.Array = persons, given: pa.Array = made) -> list[Any]:
        context = environment(keys=keys)
        return reveal(given, technique, context, given=values.type, person=person).to_pylist()

    assert back() == ["ana", "bo", "ana 2", None, None]
    keys.shred("p1")
    assert back() == [None, "bo", None, None, None]
    # Who comes again has a new key under the same id: what was theirs stays gone.
    _, again = encrypted(pa.array(["ana 3"]), environment(keys=keys), pa.array(["p1"]), per_person=True)
    assert back(given=pa.concat_arrays([made[:2], again]), person=pa.array(["p1", "p2", "p1"])) == [
        None,
        "bo",
        "ana 3",
    ]
    # Given under another person, or under nobody, it is not theirs either.
    assert back(person=pa.array(["p2", None, "p2", "p2", "p2"])) == [None] * 5
    with pytest.raises(TechniqueError, match="does not open"):
        back(given=pa.array(["plain"]), person=pa.array(["p2"]))


def test_values_with_a_key_for_each_person_need_to_be_told_whose_they_are() -> None:
    keys, values = KeysDouble(), pa.array(["ana"])
    technique, made = encrypted(values, environment(keys=keys), pa.array(["p1"]), per_person=True)
    with pytest.raises(TechniqueError, match="Column given has a key for each person"):
        reveal(made, technique, environment(keys=keys), given=values.type)


def test_lists_of_a_person_come_back() -> None:
    keys, values = KeysDouble(), pa.array([["ana", None], [], None, ["bo"]])
    persons = pa.array(["p1", "p1", "p2", "p2"])
    technique, made = encrypted(values, environment(keys=keys), persons, per_person=True)
    keys.shred("p1")
    back = reveal(made, technique, environment(keys=keys), given=values.type, person=persons)
    assert back.to_pylist() == [[None, None], [], None, ["bo"]]


def test_persons_must_be_known() -> None:
    with pytest.raises(TechniqueError, match="tells persons apart"):
        encrypted(pa.array(["ana"]), environment(), None, per_person=True)


def test_a_key_is_not_used_beyond_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST_MESSAGES", 3)
    transform = Encrypt().prepare(pa.string(), environment())
    transform(pa.array(["a", "b", None]), None)
    with pytest.raises(TechniqueError, match="Rotate the key"):
        transform(pa.array(["c", "d"]), None)
    assert transform(pa.array(["c"]), None).null_count == 0
