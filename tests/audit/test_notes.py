import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.ledger.notes import COSIGNER, LOG, Note, NoteProblem, SigningKey, TreeHead, VerifierKey

# From the specification of signed notes at c2sp.org/signed-note: a note, and the key it verifies under.
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
TEXT = TreeHead("example.org/ledger", 3, b"\x07" * 32).text()


@pytest.fixture
def log() -> SigningKey:
    return SigningKey("example.org/ledger", LOG, Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))


@pytest.fixture
def witness() -> SigningKey:
    return SigningKey("witness.example/w", COSIGNER, Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))


def test_the_example_of_the_format_verifies() -> None:
    note = Note.parse(EXAMPLE)
    assert note.signed_by(VerifierKey.parse(EXAMPLE_KEY)) == 0
    assert str(note) == EXAMPLE
    assert str(VerifierKey.parse(EXAMPLE_KEY)) == EXAMPLE_KEY


def test_a_note_with_other_words_does_not() -> None:
    with pytest.raises(NoteProblem, match="does not fit the note"):
        Note.parse(EXAMPLE.replace("answer", "Answer")).signed_by(VerifierKey.parse(EXAMPLE_KEY))


def test_a_checkpoint_is_signed_and_cosigned(log: SigningKey, witness: SigningKey) -> None:
    note = Note(TEXT, (log.sign(TEXT),)).with_signatures([witness.sign(TEXT, at=1_700_000_000)])
    read = Note.parse(str(note))
    assert read.signed_by(log.verifier) == 0
    assert read.signed_by(witness.verifier) == 1_700_000_000
    assert TreeHead.parse(read.text) == TreeHead("example.org/ledger", 3, b"\x07" * 32)
    assert read.with_signatures([witness.sign(TEXT, at=1)]) == read  # one cosignature of each


def test_who_did_not_sign_is_none(log: SigningKey, witness: SigningKey) -> None:
    assert Note(TEXT, (log.sign(TEXT),)).signed_by(witness.verifier) is None


def test_the_time_of_a_cosignature_is_signed(witness: SigningKey, log: SigningKey) -> None:
    true = witness.sign(TEXT, at=1_700_000_000)
    moved = type(true)(true.name, true.key_id, (1_600_000_000).to_bytes(8, "big") + true.blob[8:])
    with pytest.raises(NoteProblem, match="does not fit"):
        Note(TEXT, (moved,)).signed_by(witness.verifier)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\nno dash\n",
        "text\n\n\u2014 name not-base64\n",
        "text\n\n\u2014 name AAAA\n",
        "text\n\n\u2014 na+me AAAAAAAAAAA=\n",
        "te\x07xt\n\n\u2014 name AAAAAAAAAAA=\n",
        "text\n\n\u2014 name AAAAAAAAAAA=",
    ],
)
def test_what_is_no_note(content: str) -> None:
    with pytest.raises(NoteProblem):
        Note.parse(content)


@pytest.mark.parametrize(
    "text", ["a\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "a\n-1\n", "\n1\n" + "A" * 43 + "=\n", "a\n1\n!\n"]
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(NoteProblem):
        TreeHead.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AQ==",
        EXAMPLE_KEY.replace("c74f", "c74e"),
        EXAMPLE_KEY.replace("+ARpc", "+CRpc"),
    ],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(NoteProblem):
        VerifierKey.parse(text)
