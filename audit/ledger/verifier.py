#!/usr/bin/env python3
"""Check an export of the ledger without the console: one file, Python 3.11 and the package `cryptography`.

    python verifier.py EXPORT --key KEY [--witness KEY]… [--checkpoint FILE]… [--roots FILE] [--entry NUMBER]
                       [--accept-times] [--json]
    python verifier.py --proof FILE --body FILE --key KEY [--witness KEY]… [--json]
    python verifier.py proof REPORT --key KEY [--witness KEY]… [--json]
    python verifier.py report FILE --key KEY [--export EXPORT | --proof PROOF] [--witness KEY]… [--json]

EXPORT is a folder as the console writes it, or its bucket: s3://bucket/prefix, with --endpoint where it is not
Amazon's, and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION in the environment. Of a bucket
it is also checked that nothing was written twice or hidden, and that every object is locked in compliance mode.

KEY is a verifier key (name+hash+base64) that you got from the controller by another way than the export. Keys that
the log had before or after are learned from its changes of keys, where a key you trust has signed them. --witness
names keys of witnesses that must have cosigned the latest checkpoint; --checkpoint gives checkpoints that you or
others kept from earlier: the export has to continue them; --roots has the root certificates (PEM) of the authority
that stamped checkpoints, and needs the package rfc3161-client.

The second form checks one entry by its proof (C2SP tlog-proof) and its exact bytes, without any export. The third
checks a report in JSON that carries such proofs, as the proof of an erasure does: every entry that it lists, against
the signed checkpoint that it names, and that what it says of each entry is what the entry says.

The fourth checks any report, in any form: that the log says that this very file was made, in an entry of the export, or
in one whose proof the console gave (PROOF). Of a report in JSON also that its content has the digest it names, that the
checkpoint it names is signed, and that the entry and the export agree with both.

What is checked: the signature of every manifest and checkpoint; that segments follow one another from entry 0 without
a gap; the SHA-256 and length of every file; every entry's hash and canonical form; the Merkle root after every segment
and at every checkpoint (RFC 6962); the times entries say, against the times their segments were sealed and against
those that authorities and the witnesses named gave to checkpoints. The first thing that is wrong is named. Exit status
0: everything holds; 1: something does not; 2: it could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import hmac
import io
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, COSIGNER = 1, 4
EMPTY_ROOT = hashlib.sha256(b"").digest()
EARLIER = timedelta(
    hours=24
)  # an entry is written by a transaction that may have begun before the segment before it
LATER = timedelta(minutes=10)  # clocks of several machines differ
LISTED = 20  # wrong times, where they are accepted
SMALL = 1_000_000  # bytes that a note, a key or a time stamp has at most: more is not read
SEGMENT = re.compile(r"segments/(\d{14})-(\d{14})\.manifest")


class CannotCheck(Exception):
    """What was asked for is not there, or no key: nothing is said of the log."""


class Wrong(Exception):
    """Something does not hold; `entry` is the first entry that is wrong, where one can be named."""

    def __init__(self, message: str, entry: int | None = None) -> None:
        super().__init__(message)
        self.entry = entry


@dataclass(frozen=True)
class Attested:
    """That the first `size` entries were there at a time that the log's operator did not choose."""

    size: int
    at: datetime
    by: str


@dataclass
class Found:
    """What was checked, for the report."""

    entries: int = 0
    segments: int = 0
    checkpoints: int = 0
    witnesses: list[str] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)  # times that an authority gave to checkpoints
    remarks: list[str] = field(default_factory=list)  # what could not be checked
    keys: int = 0
    root: str = ""
    first_at: str = ""
    last_at: str = ""
    number: int = 0  # of the entry that was given with a proof
    leaf: bytes = b""  # of the entry asked for
    body: str = ""
    path: list[bytes] = field(default_factory=list)
    holding: list[tuple[int, str]] = field(default_factory=list)  # entries with the text that was looked for


class Key:
    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.until: int | None = None  # it was replaced or revoked: counts for no larger log
        try:
            self.name, digest, encoded = text.strip().split("+", 2)
            material = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise CannotCheck(f"{text[:60]!r} is no verifier key: it is written name+hash+base64.") from None
        if len(material) != 33 or material[0] not in (LOG, COSIGNER):
            raise CannotCheck(f"The key of {self.name} is no Ed25519 key of a log or a witness.")
        self.kind, self.public = material[0], material[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4]
        if self.id.hex() != digest:
            raise CannotCheck(f"The hash in the key of {self.name} does not fit: it was copied wrongly.")

    def signed(self, text: str, lines: list[tuple[str, bytes]], what: str) -> int | None:
        """The time of a cosignature, 0 for a log's signature, None where this key did not sign."""
        for name, blob in lines:
            if name != self.name or blob[:4] != self.id:
                continue
            moment, message, signature = 0, text.encode(), blob[4:]
            if self.kind == COSIGNER:
                moment, signature = int.from_bytes(blob[4:12], "big"), blob[12:]
                message = f"cosignature/v1\ntime {moment}\n{text}".encode()
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            except InvalidSignature:
                raise Wrong(f"{what}: the signature of {self.name} does not fit.") from None
            return moment
        return None


class Tree:
    """RFC 6962: grows leaf by leaf."""

    def __init__(self) -> None:
        self.size = 0
        self.roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        self.size += 1
        width = self.size
        while width % 2 == 0:
            leaf = hashlib.sha256(b"\x01" + self.roots.pop() + leaf).digest()
            width //= 2
        self.roots.append(leaf)

    def root(self) -> bytes:
        if not self.roots:
            return EMPTY_ROOT
        *others, root = self.roots
        for left in reversed(others):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root


def note_of(content: bytes, what: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text and the signature lines of a signed note."""
    try:
        text, blank, rest = content.decode().rpartition("\n\n")
        lines = []
        for line in rest.rstrip("\n").split("\n"):
            dash, name, encoded = line.split(" ")
            blob = base64.b64decode(encoded, validate=True)
            if dash != "\u2014" or base64.b64encode(blob).decode() != encoded:
                raise ValueError
            lines.append((name, blob))
    except ValueError:
        raise Wrong(f"{what} is no signed note.") from None
    if not blank:
        raise Wrong(f"{what} is no signed note.")
    return text + "\n", lines


def _json(content: str | bytes) -> Any:
    """Raises ValueError, also for what is nested more deeply than Python reads."""
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def head_of(text: str, what: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint's text."""
    lines = text.split("\n")
    try:
        return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (IndexError, ValueError):
        raise Wrong(f"{what} is no checkpoint.") from None


def _require_signed(
    keys: list[Key],
    origin: str,
    text: str,
    lines: list[tuple[str, bytes]],
    what: str,
    size: int,
    entry: int | None = None,
) -> None:
    """That a key of the log signed, which counts for a log of this size."""
    signers = [key for key in keys if key.name == origin and key.signed(text, lines, what) is not None]
    if not signers:
        raise Wrong(f"{what} is not signed by a key of {origin} that was given.", entry)
    _require_counting(signers, origin, what, size, entry)


def _require_counting(
    signers: list[Key], origin: str, what: str, size: int, entry: int | None = None
) -> None:
    """That one of those who signed was not replaced or revoked before the log was that large."""
    if not any(key.until is None or size <= key.until for key in signers):
        raise Wrong(
            f"{what} is signed by a key of {origin} that counts for the first {signers[0].until} entries only: "
            "it was replaced or revoked.",
            entry,
        )


class Export:
    """A folder; names are relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        if not root.is_dir():
            raise CannotCheck(f"{root} is no folder.")

    def names(self, below: str) -> list[str]:
        folder = self.root / below
        found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self.root).as_posix() for path in found) if folder.is_dir() else []

    def read(self, name: str, most: int = SMALL) -> bytes:
        """At most so many bytes and one: a file that is longer than it should be fills no memory."""
        try:
            with (self.root / name).open("rb") as file:
                return file.read(most + 1)
        except OSError as problem:
            raise Wrong(f"{name} cannot be read: {problem.strerror}.") from None

    def length(self, name: str) -> int:
        return (self.root / name).stat().st_size

    def has(self, name: str) -> bool:
        return (self.root / name).is_file()


class _Staying(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: what is signed is for this bucket, and what answers elsewhere is not it."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Bucket(Export):
    """An S3 bucket, read over HTTP with signature version 4; names are relative to the prefix.

    Each object must be there once, and locked in compliance mode: what was written over or hidden is named.
    """

    def __init__(self, url: str, *, endpoint: str = "", region: str = "") -> None:
        parts = urllib.parse.urlsplit(url)
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        self.region = region or os.environ.get("AWS_REGION") or "us-east-1"
        base = endpoint or f"https://s3.{self.region}.amazonaws.com"
        self.base = urllib.parse.urlsplit(base.rstrip("/"))
        self.access, self.secret = (
            os.environ.get(n, "") for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        )
        self.token = os.environ.get("AWS_SESSION_TOKEN", "")
        if not self.bucket or not self.access or not self.secret:
            raise CannotCheck("Give s3://bucket/prefix, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        self.lengths: dict[str, int] = {}
        self.versions = self._list()

    def names(self, below: str) -> list[str]:
        return sorted(name for name in self.versions if name.startswith(f"{below}/"))

    def has(self, name: str) -> bool:
        return name in self.versions

    def length(self, name: str) -> int:
        return self.lengths[name]

    def read(self, name: str, most: int = SMALL) -> bytes:
        found = self.versions.get(name)
        if not found:
            raise Wrong(f"{name} cannot be read: it is not in the bucket.")
        if len(found) > 1 or found[0][1]:
            raise Wrong(
                f"{name} was written over, or hidden by a delete marker: it has {len(found)} versions."
            )
        query = {"versionId": found[0][0]} if found[0][0] else {}
        content, headers = self._get(self._key(name), query, most)
        mode, until = (
            headers.get("x-amz-object-lock-mode"),
            headers.get("x-amz-object-lock-retain-until-date"),
        )
        if mode is None:
            mode, until = self._retention(name, query)
        if mode != "COMPLIANCE" or _moment(until or "", 0) < datetime.now(UTC):
            raise Wrong(f"{name} is not locked in compliance mode: it could be deleted or replaced today.")
        return content

    def _retention(self, name: str, query: dict[str, str]) -> tuple[str, str]:
        try:
            content, _ = self._get(self._key(name), {"retention": "", **query})
        except Wrong:
            return "", ""
        found = {element.tag.rpartition("}")[2]: element.text or "" for element in _xml(content).iter()}
        return found.get("Mode", ""), found.get("RetainUntilDate", "")

    def _list(self) -> dict[str, list[tuple[str, bool]]]:
        """By name, the versions and delete markers there are."""
        start = f"{self.prefix}/" if self.prefix else ""
        found: dict[str, list[tuple[str, bool]]] = {}
        query = {"versions": "", "prefix": start}
        while True:
            told = _xml(self._get("", query)[0])
            said = {}
            for element in told:
                tag = element.tag.rpartition("}")[2]
                if tag in ("Version", "DeleteMarker"):
                    item = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
                    versions = found.setdefault(item["Key"].removeprefix(start), [])
                    versions.append((item.get("VersionId", ""), tag == "DeleteMarker"))
                    self.lengths[item["Key"].removeprefix(start)] = int(item.get("Size") or 0)
                else:
                    said[tag] = element.text or ""
            if said.get("IsTruncated") != "true":
                return found
            query |= {
                "key-marker": said["NextKeyMarker"],
                "version-id-marker": said.get("NextVersionIdMarker", ""),
            }

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _get(self, key: str, query: dict[str, str], most: int = 10 * SMALL) -> tuple[bytes, Any]:
        """The body (at most so many bytes and one) and headers of a signed GET (AWS Signature Version 4)."""
        path = urllib.parse.quote(f"{self.base.path}/{self.bucket}" + (f"/{key}" if key else ""))
        asked = "&".join(
            f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}"
            for name, value in sorted(query.items())
        )
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "host": self.base.netloc,
            "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-amz-date": now,
            **({"x-amz-security-token": self.token} if self.token else {}),
        }
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"GET\n{path}\n{asked}\n{lines}\n{names}\n{headers['x-amz-content-sha256']}"
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signing = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            signing = hmac.digest(signing, part.encode(), "sha256")
        signature = hmac.digest(signing, text.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access}/{scope},SignedHeaders={names},Signature={signature}"
        )
        url = f"{self.base.scheme}://{self.base.netloc}{path}?{asked}"
        del headers["host"]
        opener = urllib.request.build_opener(_Staying)
        try:
            with opener.open(urllib.request.Request(url, headers=headers), timeout=60) as answer:  # noqa: S310
                return answer.read(most + 1), answer.headers
        except urllib.error.HTTPError as problem:
            raise Wrong(
                f"{key or 'The bucket'} cannot be read: the bucket answered {problem.code}."
            ) from None


def _xml(content: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(content)  # noqa: S314  from the bucket the auditor chose
    except ElementTree.ParseError:
        raise Wrong("The bucket answered with what is no list.") from None


def verify(
    export: Export,
    keys: list[Key],
    *,
    witnesses: list[Key] = (),  # type: ignore[assignment]
    earlier: list[bytes] = (),  # type: ignore[assignment]
    roots: bytes = b"",
    entry: int | None = None,
    wanted: bytes = b"",
    accept_times: bool = False,
) -> Found:
    """Check everything, and keep the entries that hold `wanted`. Raises Wrong at the first thing that does not hold.

    With `accept_times`, times that are wrong are listed among the remarks.
    """
    logs = _with_changes(export, [key for key in keys if key.kind == LOG])
    heads = _checkpoints(export, logs, witnesses, earlier)
    found, tree = Found(checkpoints=len(heads), keys=len(logs)), Tree()
    wrong_times: list[str] = []
    attested = _stamps(export, roots, found) + _cosigned(export, witnesses)
    times = Times(attested, accepted=wrong_times if accept_times else None)
    previous, sealed_before = "", ""
    reached = 0
    for name in export.names("segments"):
        match = SEGMENT.fullmatch(name)
        if not match:
            _require_part_of_a_segment(export, name)
            continue
        start, end = int(match[1]), int(match[2])
        content = export.read(name)
        manifest = _manifest(content, name, logs, start, end)
        if start != reached:
            raise Wrong(f"The entries {reached} to {start - 1} are missing: no segment has them.", reached)
        if manifest["previous"] != previous:
            raise Wrong(f"{name} does not follow the manifest before it: one of them was replaced.", start)
        times.begin(name, manifest["made_at"], sealed_before, start)
        _segment(export, manifest, tree, found, heads, entry, times, wanted)
        reached, previous, sealed_before = end, hashlib.sha256(content).hexdigest(), manifest["made_at"]
        found.segments += 1
    for size, (what, _) in sorted(heads.items()):
        if size > reached:
            raise Wrong(
                f"{what} counts {size} entries, and the export ends at {reached}: the later ones are missing.",
                reached,
            )
    found.remarks += wrong_times[:LISTED]
    if len(wrong_times) > LISTED:
        found.remarks.append(f"{len(wrong_times) - LISTED} more times are wrong.")
    found.entries, found.root = tree.size, base64.b64encode(tree.root()).decode()
    if witnesses:
        found.witnesses = _witnessed(export, witnesses, heads)
    if entry is not None and entry >= tree.size:
        raise Wrong(f"There is no entry {entry}: the export has {tree.size}.")
    return found


def verify_one(proof: bytes, body: bytes, keys: list[Key], *, witnesses: list[Key]) -> Found:
    """That one entry is in the tree of a signed checkpoint. Raises Wrong."""
    head, blank, note = proof.partition(b"\n\n")
    lines = head.decode(errors="replace").split("\n")
    try:
        if lines[0] != "c2sp.org/tlog-proof@v1" or not blank:
            raise ValueError
        rest = lines[2:] if lines[1].startswith("extra ") else lines[1:]
        index = int(rest[0].removeprefix("index "))
        path = [base64.b64decode(line, validate=True) for line in rest[1:]]
    except (ValueError, IndexError):
        raise Wrong("This is no proof in the format c2sp.org/tlog-proof@v1.") from None
    text, signatures = note_of(note, "the checkpoint of the proof")
    origin, size, root = head_of(text, "the checkpoint of the proof")
    _require_signed(keys, origin, text, signatures, "The checkpoint of the proof", size)
    missing = [each.name for each in witnesses if each.signed(text, signatures, "the proof") is None]
    if missing:
        raise Wrong(f"The checkpoint of the proof is not cosigned by {', '.join(missing)}.")
    leaf = hashlib.sha256(b"\x00" + body).digest()
    if _climb(index, size, leaf, path) != root:
        raise Wrong(f"These bytes are not entry {index} of the {size} entries that were signed.", index)
    at = _check_entry(index, body).isoformat()
    return Found(
        entries=size,
        number=index,
        witnesses=[each.name for each in witnesses],
        root=base64.b64encode(root).decode(),
        first_at=at,
        last_at=at,
        leaf=leaf,
        body=body.decode(),
    )


def verify_report(report: bytes, keys: list[Key], *, witnesses: list[Key]) -> dict[str, Any]:
    """That all entries listed by a report in JSON are in the tree of the checkpoint that it names.

    What was checked, with everything that does not hold under `wrong`. Raises Wrong for what is no such report, and for
    a checkpoint that nobody signed.
    """
    try:
        content = _json(report)
        proof = content["ledger_proof"]
        if proof["format"] != "ledger-proof/1":
            raise ValueError
        listed = list(proof["entries"])
        rows = {
            int(row["entry"]): row
            for part in content["sections"]
            for row in part.get("rows", ())
            if "leaf" in row
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Wrong("This is no report in JSON with proofs from the ledger (ledger-proof/1).") from None
    origin, size, root = _named_checkpoint(proof, keys, witnesses)
    wrong: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for place, each in enumerate(listed):
        try:
            told.append(_check_listed(each, rows, size, root))
        except Wrong as problem:
            wrong.append({"entry": problem.entry, "problem": str(problem)})
        except (KeyError, TypeError, ValueError, AttributeError):
            wrong.append(
                {"entry": None, "problem": f"The entry in place {place} of the proofs is malformed."}
            )
    unproven = sorted(
        set(rows)
        - {each["index"] for each in listed if isinstance(each, dict) and type(each.get("index")) is int}
    )
    wrong += [{"entry": index, "problem": f"Entry {index} is listed without a proof."} for index in unproven]
    return {
        "holds": not wrong,
        "problem": " ".join(each["problem"] for each in wrong),
        "wrong": wrong,
        "origin": origin,
        "size": size,
        "root": base64.b64encode(root).decode(),
        "witnesses": [each.name for each in witnesses],
        "entries": told,
    }


def _named_checkpoint(
    said: Any, keys: list[Key], witnesses: list[Key], note: str = "checkpoint"
) -> tuple[str, int, bytes]:
    """Origin, size and root, as `said` and as its signed note says, which stands under `note`. Raises Wrong."""
    what = "the checkpoint of the report"
    try:
        claimed = (said["origin"], said["size"], base64.b64decode(said["root"], validate=True))
        text, signatures = note_of(said[note].encode(), what)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Wrong("The report names no checkpoint that could be read.") from None
    origin, size, root = head_of(text, what)
    _require_signed(keys, origin, text, signatures, "The checkpoint of the report", size)
    missing = [each.name for each in witnesses if each.signed(text, signatures, what) is None]
    if missing:
        raise Wrong(f"The checkpoint of the report is not cosigned by {', '.join(missing)}.")
    if claimed != (origin, size, root):
        raise Wrong("The report names another origin, size or root than its signed checkpoint.")
    return origin, size, root


def verify_made(
    file: bytes,
    keys: list[Key],
    *,
    witnesses: list[Key] = (),  # type: ignore[assignment]
    export: Export | None = None,
    proof: bytes = b"",
) -> dict[str, Any]:
    """That the log says that this very file was made; of a report in JSON, that it is whole. Raises Wrong."""
    digest = hashlib.sha256(file).hexdigest()
    said = _said_by(file, keys)
    found: dict[str, Any] = {"holds": True, "problem": "", "sha256": digest, "says": said, "recorded": []}
    if export is not None:
        earlier = [said["note"].encode()] if said else []
        read = verify(export, keys, witnesses=witnesses, earlier=earlier, wanted=digest.encode())
        listed = read.holding
        found |= {"size": read.entries, "root": read.root, "witnesses": read.witnesses}
        ending = f" The export ends with entry {read.entries - 1}: the file may be younger." * (
            read.entries > 0
        )
    elif proof:
        listed, size, root = _listed(proof, keys, witnesses)
        found |= {"size": size, "root": base64.b64encode(root).decode()}
        found["witnesses"], ending = [each.name for each in witnesses], ""
    else:
        if not said:
            raise Wrong("Whether the log knows this file: give --export or --proof.")
        return found
    for number, body in listed:
        content = _json(body)
        facts = content["facts"]
        if content["action"] != "report.made" or facts.get("sha256") != digest:
            continue
        if said and (facts["content"], facts["entries"], facts["root"]) != (
            said["content_sha256"],
            said["size"],
            said["root"],
        ):
            raise Wrong(
                f"Entry {number} says another content or checkpoint of this file than the file.", number
            )
        made = {"entry": number, "at": content["at"], "actor": content["actor"], "facts": facts}
        found["recorded"].append(made)
    if not found["recorded"]:
        raise Wrong(
            f"The log does not say that this file was made: it was changed, or never was ours.{ending}"
        )
    return found


CONTENT = ("report", "parameters", "title", "subtitle", "conclusion", "conclusive", "gaps", "sections")


def _said_by(file: bytes, keys: list[Key]) -> dict[str, Any]:
    """What a report in JSON says of itself, checked; of any other file nothing. Raises Wrong."""
    if not file.lstrip().startswith(b"{"):
        return {}
    try:
        told = _json(file)
        if told["format"] != "privacy-report/1":
            raise ValueError
        content = {name: told[name] for name in CONTENT}
        named, checkpoint = told["content_sha256"], told["checkpoint"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Wrong("This is no report in JSON (privacy-report/1).") from None
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    if hashlib.sha256(canonical).hexdigest() != named:
        raise Wrong("The content of the report was changed: it has another digest than the one it names.")
    origin, size, root = _named_checkpoint(checkpoint, keys, [], "note")
    return {
        "report": told["report"],
        "title": told["title"],
        "content_sha256": named,
        "origin": origin,
        "size": size,
        "root": base64.b64encode(root).decode(),
        "note": checkpoint["note"],
    }


def _listed(proof: bytes, keys: list[Key], witnesses: list[Key]) -> tuple[list[tuple[int, str]], int, bytes]:
    """The entries that a proof of the console's proves, with the size and root of its checkpoint. Raises Wrong."""
    try:
        told = _json(proof)
        if told["format"] != "ledger-proof/1":
            raise ValueError
        entries = [
            (
                int(each["index"]),
                each["body"].encode(),
                [base64.b64decode(one, validate=True) for one in each["path"]],
            )
            for each in told["entries"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Wrong("This is no proof from the ledger (ledger-proof/1).") from None
    _, size, root = _named_checkpoint(told, keys, witnesses)
    for index, body, path in entries:
        if _climb(index, size, hashlib.sha256(b"\x00" + body).digest(), path) != root:
            raise Wrong(f"The proof of entry {index} does not lead to the root.", index)
        _check_entry(index, body)
    return [(index, body.decode()) for index, body, _ in entries], size, root


def _check_listed(listed: dict[str, Any], rows: dict[int, Any], size: int, root: bytes) -> dict[str, Any]:
    """One entry of a report: its bytes, its path, and the report's own line about it. Raises Wrong."""
    index, body = listed["index"], listed["body"].encode()
    if not isinstance(index, int) or isinstance(index, bool):
        raise ValueError
    leaf = hashlib.sha256(b"\x00" + body).digest()
    if leaf.hex() != listed["leaf"]:
        raise Wrong(
            f"Entry {index} was altered: its bytes do not have the hash that stands beside them.", index
        )
    path = [base64.b64decode(each, validate=True) for each in listed["path"]]
    if _climb(index, size, leaf, path) != root:
        raise Wrong(
            f"The proof of entry {index} does not lead to the root: its bytes, its path or its index are wrong.",
            index,
        )
    at = _check_entry(index, body)
    content, row = _json(body), rows.get(index)
    if row is None:
        raise Wrong(f"The report does not list entry {index} among its entries.", index)
    same = (_moment(row["when"], index), row["action"], row["actor"], row["leaf"])
    if same != (at, content["action"], content["actor"]["id"], leaf.hex()):
        raise Wrong(f"The report says something else of entry {index} than the entry itself.", index)
    return {"entry": index, "at": content["at"], "action": content["action"], "facts": content["facts"]}


def _climb(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """RFC 9162 §2.1.3.2: the root that a path leads to; empty where it has the wrong length."""
    if not 0 <= index < size:
        return b""
    place, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0 or len(sibling) != 32:
            return b""
        if place % 2 or place == last:
            root = hashlib.sha256(b"\x01" + sibling + root).digest()
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            root = hashlib.sha256(b"\x01" + root + sibling).digest()
        place, last = place // 2, last // 2
    return root if last == 0 else b""


def _checkpoints(
    export: Export, logs: list[Key], witnesses: list[Key], earlier: list[bytes]
) -> dict[int, tuple[str, bytes]]:
    """By size: every checkpoint there is, signed by the log. Two of one size with different roots are a fork."""
    heads: dict[int, tuple[str, bytes]] = {}
    given = [(f"the checkpoint given as number {n}", content) for n, content in enumerate(earlier, 1)]
    for what, content in [*((name, export.read(name)) for name in export.names("checkpoints")), *given]:
        text, lines = note_of(content, what)
        origin, size, root = head_of(text, what)
        _require_signed(logs, origin, text, lines, what, size)
        for witness in witnesses:
            witness.signed(text, lines, what)  # raises if a line claims to be the witness's and is not
        known = heads.get(size)
        if known and known[1] != root:
            raise Wrong(
                f"{known[0]} and {what} say different things of the same {size} entries: the log was forked."
            )
        heads[size] = (what, root)
    return heads


def _with_changes(export: Export, logs: list[Key]) -> list[Key]:
    """The keys that were given, and those that they vouch for: the old and the new one sign a change of keys.

    A key that was replaced or revoked makes no other one: neither by a second change, nor by one of a larger log.
    """
    waiting = export.names("key-changes")
    replaced: dict[str, tuple[str, str]] = {}  # by old key, the file and the new key
    vouched: list[tuple[str, str, int, set[str]]] = []  # each change, with the keys that spoke for it
    while waiting:
        left = []
        for name in waiting:
            text, lines = note_of(export.read(name), name)
            try:
                origin, kind, said, *keys, _ = text.splitlines()
                old, new = (Key(each) for each in keys)
                if kind != "key change" or {old.name, new.name} != {origin}:
                    raise ValueError
                until = int(said)
            except (ValueError, CannotCheck):
                raise Wrong(f"{name} is no change of keys.") from None
            known = [key for key in logs if key.text in (old.text, new.text)]
            signed = {key.text for key in (old, new) if key.signed(text, lines, name) is not None}
            if not any(key.text in signed for key in known):
                left.append(name)
                continue
            before, instead = replaced.setdefault(old.text, (name, new.text))
            if instead != new.text:
                raise Wrong(
                    f"{before} and {name} each replace the same key of {origin}: one of them is of whoever stole it."
                )
            vouched.append((name, origin, until, signed & {key.text for key in known}))
            logs += [key for key in (old, new) if key.text not in {each.text for each in known}]
            for key in logs:
                if key.text == old.text:
                    key.until = until if key.until is None else min(key.until, until)
        if left == waiting:
            raise Wrong(
                f"{left[0]} is not signed by a key that was given: "
                "get the log's new key from the controller by another way."
            )
        waiting = left
    for name, origin, size, texts in vouched:
        _require_counting([key for key in logs if key.text in texts], origin, name, size)
    return logs


def _stamps(export: Export, roots: bytes, found: Found) -> list[Attested]:
    """The time stamps (RFC 3161) on checkpoints; without roots, or the package that reads them, it says so."""
    names, attested = export.names("stamps"), list[Attested]()
    if not names:
        return attested
    if not roots:
        found.remarks.append(
            f"{len(names)} time stamps were not checked: give the authority's roots with --roots."
        )
        return attested
    try:
        import rfc3161_client as client  # noqa: PLC0415  needed only here
    except ImportError:
        found.remarks.append(
            f"{len(names)} time stamps were not checked: the package rfc3161-client is missing."
        )
        return attested
    authority = client.VerifierBuilder(roots=list(x509.load_pem_x509_certificates(roots))).build()
    for name in names:
        what = f"checkpoints/{name.removeprefix('stamps/').removesuffix('.tsr')}"
        text, _ = note_of(export.read(what), what)
        try:
            response = client.decode_timestamp_response(export.read(name))
            authority.verify_message(response, text.encode())
        except (ValueError, client.VerificationError) as problem:
            raise Wrong(f"{name}: the time stamp does not hold ({problem}).") from None
        at = response.tst_info.gen_time
        found.stamps.append(at.isoformat())
        attested.append(Attested(head_of(text, what)[1], at, "the time stamp authority"))
    return attested


def _cosigned(export: Export, witnesses: list[Key]) -> list[Attested]:
    """When the witnesses that were named cosigned checkpoints."""
    attested = []
    for name in export.names("checkpoints") if witnesses else ():
        text, lines = note_of(export.read(name), name)
        for key in witnesses:
            moment = key.signed(text, lines, name)
            if moment:
                at = datetime.fromtimestamp(moment, UTC)
                attested.append(Attested(head_of(text, name)[1], at, key.name))
    return attested


class Times:
    """What is known of the times of entries: the latest before an entry, and the earliest behind it."""

    def __init__(self, attested: list[Attested], *, accepted: list[str] | None = None) -> None:
        """With `accepted`, what is wrong with times is put there and is no failure."""
        self.accepted = accepted
        self.known = sorted(attested, key=lambda each: each.size)
        self.sizes = [each.size for each in self.known]
        self.before: list[Attested] = []
        self.behind: list[Attested] = []
        for each in self.known:
            self.before.append(max([*self.before[-1:], each], key=lambda one: one.at))
        for each in reversed(self.known):
            self.behind.append(min([*self.behind[-1:], each], key=lambda one: one.at))
        self.behind.reverse()
        self.earliest: datetime | None = None  # of the entries of this segment
        self.latest: datetime | None = None

    def begin(self, name: str, made_at: str, made_before: str, start: int) -> None:
        """A segment, sealed at a time, after one that was sealed before. Raises Wrong."""
        sealed, before = _moment(made_at, start), _moment(made_before, start) if made_before else None
        self.latest, self.earliest = sealed + LATER, before - EARLIER if before else None
        if before and sealed < before - LATER:
            self._wrong(
                f"{name} says it was sealed before the one before it: the clock was set back, or a time is forged.",
                start,
            )

    def check(self, number: int, moment: datetime) -> None:
        """That an entry fits its segment, and what was seen of the log with it and without it. Raises Wrong."""
        if self.earliest and moment < self.earliest:
            self._wrong(
                f"Entry {number} says it is older than the segment before it: its time is forged.", number
            )
        if self.latest and moment > self.latest:
            self._wrong(
                f"Entry {number} says it is from after its segment was sealed: its time is forged.", number
            )
        place = bisect_right(self.sizes, number)
        if place < len(self.known) and moment > self.behind[place].at + LATER:
            by, at = self.behind[place].by, self.behind[place].at.isoformat()
            self._wrong(
                f"Entry {number} says it is from after {by} saw it ({at}): its time is forged.", number
            )
        if place and moment < self.before[place - 1].at - EARLIER:
            by, at = self.before[place - 1].by, self.before[place - 1].at.isoformat()
            self._wrong(
                f"Entry {number} says it is from long before {by} saw the log without it ({at}): its time is forged.",
                number,
            )

    def _wrong(self, message: str, entry: int) -> None:
        if self.accepted is None:
            raise Wrong(message, entry)
        self.accepted.append(message)


def _witnessed(export: Export, witnesses: list[Key], heads: dict[int, tuple[str, bytes]]) -> list[str]:
    """The witnesses of the latest checkpoint in the export; each one asked for must be among them."""
    names = export.names("checkpoints")
    if not names:
        raise Wrong("There is no checkpoint that witnesses could have cosigned.")
    text, lines = note_of(export.read(names[-1]), names[-1])
    missing = [key.name for key in witnesses if key.signed(text, lines, names[-1]) is None]
    if missing:
        raise Wrong(f"{names[-1]} is not cosigned by {', '.join(missing)}.")
    return [key.name for key in witnesses]


def _manifest(content: bytes, name: str, logs: list[Key], start: int, end: int) -> dict[str, Any]:
    text, lines = note_of(content, name)
    try:
        manifest: dict[str, Any] = _json(text)
        said = (manifest["from"], manifest["to"])
        origin = manifest["origin"]
    except (ValueError, KeyError, TypeError):
        raise Wrong(f"{name} is no manifest.") from None
    _require_signed(logs, origin, text, lines, name, end, start)
    if said != (start, end) or manifest.get("format") != 1:
        raise Wrong(
            f"{name} speaks of the entries {said[0]} to {said[1] - 1}: it is under another's name.", start
        )
    return manifest


def _segment(
    export: Export,
    manifest: dict[str, Any],
    tree: Tree,
    found: Found,
    heads: dict[int, tuple[str, bytes]],
    entry: int | None,
    times: Times,
    wanted: bytes,
) -> None:
    start, end = manifest["from"], manifest["to"]
    leaves = _file(export, manifest["leaves"], start)
    packed, entries_problem = b"", ""
    try:
        packed = _file(export, manifest["entries"], start)
    except Wrong as problem:
        entries_problem = str(problem)
    if len(leaves) != 32 * (end - start):
        raise Wrong(f"{manifest['leaves']['name']} does not have {end - start} hashes.", start)
    if entries_problem:
        raise Wrong(*_first_wrong(export, manifest, leaves, entries_problem))
    bodies = _bodies(packed, manifest["entries"]["name"], start)
    for number in range(start, end):
        body = next(bodies, None)
        if body is None:
            raise Wrong(f"{manifest['entries']['name']} ends before entry {number}.", number)
        leaf = hashlib.sha256(b"\x00" + body).digest()
        place = 32 * (number - start)
        if leaf != leaves[place : place + 32]:
            raise Wrong(f"Entry {number} was altered, swapped, inserted or removed.", number)
        moment = _check_entry(number, body)
        times.check(number, moment)
        tree.add(leaf)
        if number == entry:
            found.leaf, found.body = leaf, body.decode()
        if wanted and wanted in body:
            found.holding.append((number, body.decode()))
        if tree.size in heads and tree.root() != heads[tree.size][1]:
            raise Wrong(
                f"{heads[tree.size][0]} has another root than the entries: some of the first {tree.size} were changed "
                "since it was signed.",
                None,
            )
        found.first_at = found.first_at or moment.isoformat()
    found.last_at = moment.isoformat()
    if next(bodies, None) is not None:
        raise Wrong(f"{manifest['entries']['name']} goes on after entry {end - 1}.", end)
    if base64.b64encode(tree.root()).decode() != manifest["root"]:
        raise Wrong(f"The entries up to {end - 1} do not lead to the root that was signed for them.", start)


def _file(export: Export, said: dict[str, Any], start: int) -> bytes:
    content = export.read(said["name"], said["bytes"])
    if len(content) != said["bytes"]:
        length = export.length(said["name"])
        raise Wrong(f"{said['name']} has {length} bytes and should have {said['bytes']}.", start)
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise Wrong(f"{said['name']} was changed: its SHA-256 is another.", start)
    return content


def _first_wrong(export: Export, manifest: dict[str, Any], leaves: bytes, problem: str) -> tuple[str, int]:
    """The file of entries is not what was sealed: by the hashes of the leaves, which is the first that differs."""
    start, end = manifest["from"], manifest["to"]
    number = start
    try:
        name = manifest["entries"]["name"]
        for body in _bodies(export.read(name, 2 * manifest["entries"]["bytes"] + SMALL), name, start):
            place = 32 * (number - start)
            if number >= end or hashlib.sha256(b"\x00" + body).digest() != leaves[place : place + 32]:
                break
            number += 1
    except Wrong:
        pass
    return f"{problem} Entry {number} is the first that is wrong.", number


def _bodies(packed: bytes, name: str, start: int) -> Iterator[bytes]:
    """Entry by entry: what is unpacked is never in memory as a whole."""
    content, number = gzip.GzipFile(fileobj=io.BytesIO(packed)), start
    try:
        while head := content.read(2):
            length = int.from_bytes(head, "big")
            body = content.read(length)
            if len(head) < 2 or len(body) != length:
                raise Wrong(f"{name} ends in the middle of entry {number}.", number)
            yield body
            number += 1
    except (OSError, EOFError, zlib.error) as problem:
        raise Wrong(f"{name} cannot be unpacked ({problem}): it is cut short or damaged.", start) from None


def _check_entry(number: int, body: bytes) -> datetime:
    """Its time. Raises Wrong where it is not the canonical form of an entry."""
    try:
        content = _json(body)
        again = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        moment = _moment(content["at"], number)
    except (ValueError, KeyError, TypeError):
        raise Wrong(f"Entry {number} is not the JSON of an entry.", number) from None
    if again != body:
        raise Wrong(f"Entry {number} is not in canonical form.", number)
    return moment


def _moment(text: str, number: int) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise Wrong(f"{str(text)[:40]!r} is no time.", number) from None


def _require_part_of_a_segment(export: Export, name: str) -> None:
    """A file that no manifest speaks of was left by a run that was killed, or put there."""
    base = re.sub(r"\.(entries\.gz|leaves)$", "", name)
    if base == name or not export.has(f"{base}.manifest"):
        raise Wrong(f"{name} belongs to no manifest: the segment is half written, or somebody put it there.")


def main_report(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="verifier.py proof", description="Check a report that carries proofs."
    )
    parser.add_argument("report", type=Path, help="in JSON, as the console wrote it")
    parser.add_argument("--key", action="append", required=True, help="verifier key of the log")
    parser.add_argument("--witness", action="append", default=[], help="verifier key of a witness")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    asked = parser.parse_args(arguments)
    keys, witnesses = [Key(each) for each in asked.key], [Key(each) for each in asked.witness]
    try:
        found = verify_report(asked.report.read_bytes(), keys, witnesses=witnesses)
    except OSError as problem:
        sys.stderr.write(f"It could not be checked: {problem}\n")
        return 2
    except Wrong as wrong:
        found = {
            "holds": False,
            "problem": str(wrong),
            "wrong": [{"entry": wrong.entry, "problem": str(wrong)}],
        }
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")
    elif not found["holds"]:
        sys.stdout.write("".join(f"DOES NOT HOLD: {each['problem']}\n" for each in found["wrong"]))
    else:
        sys.stdout.write(_report_in_words(found))
    return 0 if found["holds"] else 1


def main_made(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="verifier.py report", description="Check that a file is a report that the log knows."
    )
    parser.add_argument("file", type=Path, help="the report, in any form")
    parser.add_argument("--key", action="append", required=True, help="verifier key of the log")
    parser.add_argument("--export", default="", help="a folder, or s3://bucket/prefix")
    parser.add_argument("--endpoint", default="", help="of the bucket, where it is not Amazon's")
    parser.add_argument("--region", default="", help="of the bucket")
    parser.add_argument("--proof", type=Path, help="as the console gives it for the file")
    parser.add_argument("--witness", action="append", default=[], help="verifier key of a witness")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    asked = parser.parse_args(arguments)
    if asked.export and asked.proof:
        parser.error("give --export or --proof")
    try:
        found = verify_made(
            asked.file.read_bytes(),
            [Key(each) for each in asked.key],
            witnesses=[Key(each) for each in asked.witness],
            export=_export(asked) if asked.export else None,
            proof=asked.proof.read_bytes() if asked.proof else b"",
        )
    except OSError as problem:
        sys.stderr.write(f"It could not be checked: {problem}\n")
        return 2
    except Wrong as wrong:
        found = {"holds": False, "problem": str(wrong), "entry": wrong.entry}
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(_made_in_words(found))
    return 0 if found["holds"] else 1


def _made_in_words(found: dict[str, Any]) -> str:
    if not found["holds"]:
        return f"DOES NOT HOLD: {found['problem']}\n"
    said, lines = found["says"], []
    if said:
        lines += [
            f"Its content is whole, SHA-256 {said['content_sha256']}.",
            f"It was made at the checkpoint of {said['size']} entries of {said['origin']}, root {said['root']}.",
        ]
    for made in found["recorded"]:
        facts, actor = made["facts"], made["actor"]
        lines.append(
            f"This file is the report recorded in entry {made['entry']}: {facts['kind']} as {facts['format']}, made "
            f"{made['at']} by {actor['kind']} {actor['id']}. The log of {found['size']} entries, root "
            f"{found['root']}, includes it."
        )
    if not found["recorded"]:
        lines.append("Whether the log knows this file was not checked: give --export or --proof.")
    if found.get("witnesses"):
        lines.append(f"Cosigned by {', '.join(found['witnesses'])}.")
    return "\n".join(["Holds.", *lines]) + "\n"


def _report_in_words(found: dict[str, Any]) -> str:
    lines = [
        f"Holds: {len(found['entries'])} entries are in the log {found['origin']}.",
        f"Its checkpoint: {found['size']} entries, root {found['root']}.",
    ]
    if found["witnesses"]:
        lines.append(f"Cosigned by {', '.join(found['witnesses'])}.")
    lines += [
        f"{each['entry']:>10}  {each['at']}  {each['action']}  {json.dumps(each['facts'])}"
        for each in found["entries"]
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    try:
        return _main(sys.argv[1:] if arguments is None else arguments)
    except CannotCheck as problem:
        sys.stderr.write(f"It could not be checked: {problem}\n")
        return 2


def _main(given: list[str]) -> int:
    if given[:1] == ["proof"]:
        return main_report(given[1:])
    if given[:1] == ["report"]:
        return main_made(given[1:])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("export", nargs="?", help="a folder, or s3://bucket/prefix")
    parser.add_argument("--endpoint", default="", help="of the bucket, where it is not Amazon's")
    parser.add_argument("--region", default="", help="of the bucket")
    parser.add_argument("--roots", type=Path, help="root certificates (PEM) of the time stamp authority")
    parser.add_argument("--proof", type=Path, help="of one entry, instead of an export")
    parser.add_argument("--body", type=Path, help="the bytes of that entry")
    parser.add_argument("--key", action="append", required=True, help="verifier key of the log")
    parser.add_argument("--witness", action="append", default=[], help="verifier key of a witness")
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, help="one kept from earlier")
    parser.add_argument("--entry", type=int, help="show this entry, and that it is in the tree")
    parser.add_argument(
        "--accept-times",
        action="store_true",
        help="list wrong times and go on: a clock was known to be wrong",
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    asked = parser.parse_args(given)
    if bool(asked.export) == bool(asked.proof) or bool(asked.proof) != bool(asked.body):
        parser.error("give an export, or --proof with --body")
    report: dict[str, Any]
    try:
        if asked.proof:
            found = verify_one(
                asked.proof.read_bytes(),
                asked.body.read_bytes(),
                [Key(each) for each in asked.key],
                witnesses=[Key(each) for each in asked.witness],
            )
            return _print(asked, _one_in_words(found))
        found = verify(
            _export(asked),
            [Key(each) for each in asked.key],
            witnesses=[Key(each) for each in asked.witness],
            earlier=[path.read_bytes() for path in asked.checkpoint],
            roots=asked.roots.read_bytes() if asked.roots else b"",
            entry=asked.entry,
            accept_times=asked.accept_times,
        )
    except OSError as problem:
        sys.stderr.write(f"It could not be checked: {problem}\n")
        return 2
    except Wrong as wrong:
        report = {"holds": False, "problem": str(wrong), "entry": wrong.entry}
    else:
        report = {
            "holds": True,
            "entries": found.entries,
            "segments": found.segments,
            "checkpoints": found.checkpoints,
            "witnesses": found.witnesses,
            "stamps": found.stamps,
            "keys": found.keys,
            "remarks": found.remarks,
            "root": found.root,
            "from": found.first_at,
            "to": found.last_at,
        }
        if asked.entry is not None:
            report |= {"leaf": found.leaf.hex(), "body": found.body}
    return _print(asked, report)


def _export(asked: argparse.Namespace) -> Export:
    if asked.export.startswith("s3://"):
        return Bucket(asked.export, endpoint=asked.endpoint, region=asked.region)
    return Export(Path(asked.export))


def _print(asked: argparse.Namespace, report: dict[str, Any]) -> int:
    sys.stdout.write(json.dumps(report) + "\n" if asked.json else _in_words(report))
    return 0 if report["holds"] else 1


def _one_in_words(found: Found) -> dict[str, Any]:
    return {
        "holds": True,
        "entries": found.entries,
        "segments": 0,
        "checkpoints": 1,
        "entry": found.number,
        "witnesses": found.witnesses,
        "root": found.root,
        "from": found.first_at,
        "to": found.last_at,
        "leaf": found.leaf.hex(),
        "body": found.body,
    }


def _in_words(report: dict[str, Any]) -> str:
    if not report["holds"]:
        return f"DOES NOT HOLD: {report['problem']}\n"
    if "entry" in report:
        lines = [
            f"Holds: these bytes are entry {report['entry']} of the {report['entries']} that were signed.",
            f"Root {report['root']}.",
        ]
    else:
        lines = [
            f"Holds: {report['entries']} entries in {report['segments']} segments, "
            f"{report['checkpoints']} checkpoints.",
            f"Root {report['root']}, entries from {report['from'] or 'never'} to {report['to'] or 'never'}.",
        ]
    if report["witnesses"]:
        lines.append(f"Cosigned by {', '.join(report['witnesses'])}.")
    if report.get("stamps"):
        lines.append(
            f"{len(report['stamps'])} checkpoints were time-stamped, the last at {report['stamps'][-1]}."
        )
    lines += report.get("remarks", [])
    if "body" in report:
        lines += [f"The entry is in the tree, its leaf is {report['leaf']}:", report["body"]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
