"""Test vectors that others published, of canonical JSON, Ed25519 and time stamps; `test_merkle` has those of trees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography import x509

from audit.ledger import stamping, verifier
from audit.ledger.canonical import NotCanonical, canonical_bytes
from audit.ledger.notes import LOG, NoteProblem, VerifierKey
from audit.ledger.stamping import AuthorityWrong

DATA = Path(__file__).parent.parent / "data"
JCS = sorted((DATA / "jcs" / "input").iterdir())
ED25519 = json.loads((DATA / "ed25519" / "ed25519vectors.json").read_text())


@pytest.mark.parametrize("path", JCS, ids=lambda path: path.stem)
def test_canonical_json_is_theirs_or_refused(path: Path) -> None:
    value = json.loads(path.read_text())
    canonical = (DATA / "jcs" / "output" / path.name).read_bytes().rstrip(b"\n")
    assert rfc8785.dumps(value) == canonical  # what we compare with elsewhere passes as well
    with pytest.raises(NotCanonical, match=r"has no canonical form|key must be"):
        canonical_bytes({"a": value})  # each has a fraction, or a key that no entry has
    # The same texts and numbers under keys that we take: byte for byte.
    within = {"a": _within(value, count())}
    assert canonical_bytes(within) == rfc8785.dumps(within)


def test_the_verifier_reads_the_same_canonical_form() -> None:
    for path in JCS:
        content = {"a": _within(json.loads(path.read_text()), count()), "at": "2026-01-01T00:00:00.000000Z"}
        body = canonical_bytes(content)
        assert verifier._check_entry(0, body) == datetime(2026, 1, 1, tzinfo=UTC)
        with pytest.raises(verifier.Wrong, match="is not in canonical form"):
            verifier._check_entry(0, body.replace(b'"at":', b'"at": '))


def test_edge_cases_of_signatures_are_decided_alike_and_as_they_were() -> None:
    """By the console, by the verifier, and as today: what OpenSSL lets pass has no residue and R as it must be."""
    accepted = set()
    for vector in ED25519:
        public, signature = bytes.fromhex(vector["key"]), bytes.fromhex(vector["sig"])
        key = VerifierKey("cctv.example", LOG, public)
        try:
            key.check(vector["msg"], signature)
            held = True
        except NoteProblem:
            held = False
        theirs = verifier.Key(str(key))
        try:
            moment = theirs.signed(vector["msg"], [(key.name, key.key_id + signature)], "a note")
        except verifier.Wrong:
            moment = None
        assert (moment is not None) is held, vector
        if held:
            accepted.add(vector["number"])
    assert len(ED25519) == 914
    assert accepted == {
        each["number"]
        for each in ED25519
        if not {"low_order_residue", "non_canonical_R"} & set(each["flags"] or ())
    }
    assert len(accepted) == 208


@pytest.mark.parametrize(
    ("response", "chain", "at"),
    [
        ("response", "ts_chain", "2024-10-08T15:40:32+00:00"),
        ("sigstage-sha256", "sigstage-chain", "2025-05-09T11:58:55+00:00"),
    ],
)
def test_a_time_stamp_of_others_holds(response: str, chain: str, at: str) -> None:
    assert _checked(response, chain) == datetime.fromisoformat(at)
    with pytest.raises(AuthorityWrong, match="Mismatch between messages"):
        _checked(response, chain, text="hallo")


@pytest.mark.parametrize(
    ("response", "chain"),
    [
        ("other_response", "ts_chain"),
        ("response", "sigstage-chain"),
        ("sigstage-invalid-signature", "sigstage-chain"),
        ("sigstage-no-embedded-cert", "sigstage-chain"),
    ],
)
def test_a_time_stamp_that_does_not_hold_is_refused(response: str, chain: str) -> None:
    with pytest.raises(AuthorityWrong, match="The stamp does not hold"):
        _checked(response, chain)


def _checked(response: str, chain: str, *, text: str = "hello") -> datetime:
    roots = x509.load_pem_x509_certificates((DATA / "rfc3161" / f"{chain}.pem").read_bytes())
    return stamping.check((DATA / "rfc3161" / f"{response}.tsr").read_bytes(), text, tuple(roots))


def _within(value: Any, numbers: count) -> Any:
    """The value under keys that an entry may have, and without fractions."""
    match value:
        case dict():
            return {f"k{next(numbers)}": _within(item, numbers) for item in value.values()}
        case list():
            return [_within(item, numbers) for item in value]
        case float():
            return int(value) if abs(value) < 2**53 else str(value)
        case str():
            return value.replace("\0", "")
        case _:
            return value
