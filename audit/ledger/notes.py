"""Signed notes and checkpoints in the public formats of C2SP: signed-note, tlog-checkpoint, tlog-cosignature.

A note is a text and signature lines below it; a checkpoint is a note whose text names a log, its size and its root. A
verifier key is written `name+hash+base64`, as everybody who checks such logs reads it. Ed25519 only.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LOG, COSIGNER = 0x01, 0x04  # what a key is for; part of its id
DASH = "\u2014 "
MOST_BYTES = 1_000_000
MOST_SIGNATURES = 100


class NoteProblem(ValueError):
    """The note is malformed, or not signed as it has to be."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One line: `blob` is what follows the four bytes of the key's id."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.blob).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """`text` ends with a newline."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, content: str) -> Note:
        """Raises NoteProblem."""
        if len(content) > MOST_BYTES:
            raise NoteProblem("The note is too long.")
        if any(ord(each) < 0x20 and each != "\n" for each in content):
            raise NoteProblem("The note holds control characters.")
        text, blank, lines = content.rpartition("\n\n")
        if not blank or not text or not lines.endswith("\n"):
            raise NoteProblem("The note has no text and signatures, parted by an empty line.")
        signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
        if len(signatures) > MOST_SIGNATURES:
            raise NoteProblem("The note has too many signatures.")
        return cls(text + "\n", signatures)

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(each.line() for each in self.signatures)}"

    def signed_by(self, key: VerifierKey) -> int | None:
        """Whether that key signed: for a log 0, for a cosigner the time it names; None where it did not.

        Raises NoteProblem where a line says it is by that key and is not.
        """
        for each in self.signatures:
            if each.name == key.name and each.key_id == key.key_id:
                return key.check(self.text, each.blob)
        return None

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        known = {(each.name, each.key_id) for each in self.signatures}
        fresh = tuple(each for each in more if (each.name, each.key_id) not in known)
        return Note(self.text, self.signatures + fresh)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name. `kind` is LOG or COSIGNER."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """From `name+hash+base64`. Raises NoteProblem."""
        try:
            name, digest, encoded = text.strip().split("+", 2)
            material = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise NoteProblem("A verifier key is written name+hash+base64.") from None
        key = cls(name, material[0] if material else 0, material[1:])
        if key.kind not in (LOG, COSIGNER) or len(key.public) != 32 or not _is_name(name):
            raise NoteProblem("This is no Ed25519 key of a log or a cosigner.")
        if key.key_id.hex() != digest:
            raise NoteProblem(f"The hash in the key of {name} does not fit the key.")
        return key

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def check(self, text: str, blob: bytes) -> int:
        """The time a cosigner names, 0 for a log. Raises NoteProblem."""
        moment, signature = 0, blob
        message = text.encode()
        if self.kind == COSIGNER:
            if len(blob) != 72:
                raise NoteProblem(f"The cosignature of {self.name} has another length than it must.")
            moment, signature = int.from_bytes(blob[:8], "big"), blob[8:]
            message = cosigned(text, moment)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise NoteProblem(f"The signature of {self.name} does not fit the note.") from None
        return moment


@dataclass(frozen=True, slots=True)
class SigningKey:
    name: str
    kind: int
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return VerifierKey(self.name, self.kind, public)

    def sign(self, text: str, *, at: int = 0) -> Signature:
        """`at`, seconds since 1970, is what a cosigner attests to; a log's signature has no time."""
        if self.kind == COSIGNER:
            blob = at.to_bytes(8, "big") + self.private.sign(cosigned(text, at))
        else:
            blob = self.private.sign(text.encode())
        return Signature(self.name, self.verifier.key_id, blob)


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint says: the log's origin, its size and its root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> TreeHead:
        """From the text of a checkpoint; extension lines are let be. Raises NoteProblem."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
            raise NoteProblem("A checkpoint has an origin, a size and a root, a line each.")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except binascii.Error:
            root = b""
        if len(root) != 32:
            raise NoteProblem("The root of a checkpoint has 32 bytes in base64.")
        return cls(lines[0], int(lines[1]), root)

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def cosigned(text: str, moment: int) -> bytes:
    """What a cosignature of version 1 signs."""
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        blob = b""
    if not line.startswith(DASH) or not space or not _is_name(name) or len(blob) < 5:
        raise NoteProblem("A line below the note is no signature.")
    return Signature(name, blob[:4], blob[4:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(each.isspace() for each in name)
