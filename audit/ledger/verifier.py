#!/usr/bin/env python3
"""Check an export of the ledger without the console: one file, Python 3.11 and the package `cryptography`.

    python verifier.py EXPORT --key KEY [--witness KEY]… [--checkpoint FILE]… [--entry NUMBER] [--json]
    python verifier.py --proof FILE --body FILE --key KEY [--witness KEY]… [--json]
    python verifier.py proof REPORT --key KEY [--witness KEY]… [--json]

EXPORT is a folder as the console writes it, or a copy of its bucket. KEY is a verifier key (name+hash+base64) that
you got from the controller by another way than the export; --witness names keys of witnesses that must have cosigned
the latest checkpoint; --checkpoint gives checkpoints that you or others kept from earlier: the export has to continue
them.

The second form checks one entry by its proof (C2SP tlog-proof) and its exact bytes, without any export. The third
checks a report in JSON that carries such proofs, as the proof of an erasure does: every entry that it lists, against
the signed checkpoint that it names, and that what it says of each entry is what the entry says.

What is checked: the signature of every manifest and checkpoint; that segments follow one another from entry 0 without
a gap; the SHA-256 and length of every file; every entry's hash and canonical form; the Merkle root after every segment
and at every checkpoint (RFC 6962); the times entries say against the times their segments were sealed. The first thing
that is wrong is named. Exit status 0: everything holds; 1: something does not; 2: it could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, COSIGNER = 1, 4
EMPTY_ROOT = hashlib.sha256(b"").digest()
EARLIER = timedelta(
    hours=24
)  # an entry is written by a transaction that may have begun before the segment before it
LATER = timedelta(minutes=10)  # clocks of several machines differ
SEGMENT = re.compile(r"segments/(\d{14})-(\d{14})\.manifest")


class Wrong(Exception):
    """Something does not hold; `entry` is the first entry that is wrong, where one can be named."""

    def __init__(self, message: str, entry: int | None = None) -> None:
        super().__init__(message)
        self.entry = entry


@dataclass
class Found:
    """What was checked, for the report."""

    entries: int = 0
    segments: int = 0
    checkpoints: int = 0
    witnesses: list[str] = field(default_factory=list)
    root: str = ""
    first_at: str = ""
    last_at: str = ""
    leaf: bytes = b""  # of the entry asked for
    body: str = ""
    path: list[bytes] = field(default_factory=list)


class Key:
    def __init__(self, text: str) -> None:
        try:
            self.name, digest, encoded = text.strip().split("+", 2)
            material = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise SystemExit(f"{text[:60]!r} is no verifier key: it is written name+hash+base64.") from None
        if len(material) != 33 or material[0] not in (LOG, COSIGNER):
            raise SystemExit(f"The key of {self.name} is no Ed25519 key of a log or a witness.")
        self.kind, self.public = material[0], material[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4]
        if self.id.hex() != digest:
            raise SystemExit(f"The hash in the key of {self.name} does not fit: it was copied wrongly.")

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
            if dash != "\u2014":
                raise ValueError
            lines.append((name, base64.b64decode(encoded, validate=True)))
    except ValueError:
        raise Wrong(f"{what} is no signed note.") from None
    if not blank:
        raise Wrong(f"{what} is no signed note.")
    return text + "\n", lines


def head_of(text: str, what: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint's text."""
    lines = text.split("\n")
    try:
        return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (IndexError, ValueError):
        raise Wrong(f"{what} is no checkpoint.") from None


class Export:
    """A folder; names are relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        if not root.is_dir():
            raise SystemExit(f"{root} is no folder.")

    def names(self, below: str) -> list[str]:
        folder = self.root / below
        found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self.root).as_posix() for path in found) if folder.is_dir() else []

    def read(self, name: str) -> bytes:
        try:
            return (self.root / name).read_bytes()
        except OSError as problem:
            raise Wrong(f"{name} cannot be read: {problem.strerror}.") from None


def verify(
    export: Export,
    keys: list[Key],
    *,
    witnesses: list[Key] = (),  # type: ignore[assignment]
    earlier: list[bytes] = (),  # type: ignore[assignment]
    entry: int | None = None,
) -> Found:
    """Check everything. Raises Wrong at the first thing that does not hold."""
    logs = [key for key in keys if key.kind == LOG]
    heads = _checkpoints(export, logs, witnesses, earlier)
    found, tree = Found(checkpoints=len(heads)), Tree()
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
        _segment(export, manifest, tree, found, heads, sealed_before, entry)
        reached, previous, sealed_before = end, hashlib.sha256(content).hexdigest(), manifest["made_at"]
        found.segments += 1
    for size, (what, _) in sorted(heads.items()):
        if size > reached:
            raise Wrong(
                f"{what} counts {size} entries, and the export ends at {reached}: the later ones are missing.",
                reached,
            )
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
    if not any(k.name == origin and k.signed(text, signatures, "the proof") is not None for k in keys):
        raise Wrong(f"The checkpoint of the proof is not signed by a key of {origin} that was given.")
    missing = [each.name for each in witnesses if each.signed(text, signatures, "the proof") is None]
    if missing:
        raise Wrong(f"The checkpoint of the proof is not cosigned by {', '.join(missing)}.")
    leaf = hashlib.sha256(b"\x00" + body).digest()
    if _climb(index, size, leaf, path) != root:
        raise Wrong(f"These bytes are not entry {index} of the {size} entries that were signed.", index)
    at = _check_entry(index, body).isoformat()
    return Found(
        entries=size,
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
        content = json.loads(report)
        proof = content["ledger_proof"]
        if proof["format"] != "ledger-proof/1":
            raise ValueError
        said = (proof["origin"], proof["size"], base64.b64decode(proof["root"], validate=True))
        note, listed = proof["checkpoint"].encode(), proof["entries"]
        rows = {
            row["entry"]: row for part in content["sections"] for row in part.get("rows", ()) if "leaf" in row
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Wrong("This is no report in JSON with proofs from the ledger (ledger-proof/1).") from None
    what = "the checkpoint of the report"
    text, signatures = note_of(note, what)
    origin, size, root = head_of(text, what)
    if not any(k.name == origin and k.signed(text, signatures, what) is not None for k in keys):
        raise Wrong(f"The checkpoint of the report is not signed by a key of {origin} that was given.")
    missing = [each.name for each in witnesses if each.signed(text, signatures, what) is None]
    if missing:
        raise Wrong(f"The checkpoint of the report is not cosigned by {', '.join(missing)}.")
    if said != (origin, size, root):
        raise Wrong("The report names another origin, size or root than its signed checkpoint.")
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
        set(rows) - {each["index"] for each in listed if isinstance(each, dict) and "index" in each}
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
    content, row = json.loads(body), rows.get(index)
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
        if not any(key.name == origin and key.signed(text, lines, what) is not None for key in logs):
            raise Wrong(f"{what} is not signed by a key of {origin} that was given.")
        for witness in witnesses:
            witness.signed(text, lines, what)  # raises if a line claims to be the witness's and is not
        known = heads.get(size)
        if known and known[1] != root:
            raise Wrong(
                f"{known[0]} and {what} say different things of the same {size} entries: the log was forked."
            )
        heads[size] = (what, root)
    return heads


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
        manifest: dict[str, Any] = json.loads(text)
        said = (manifest["from"], manifest["to"])
        origin = manifest["origin"]
    except (ValueError, KeyError, TypeError):
        raise Wrong(f"{name} is no manifest.") from None
    if not any(key.name == origin and key.signed(text, lines, name) is not None for key in logs):
        raise Wrong(f"{name} is not signed by a key of {origin} that was given.", start)
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
    sealed_before: str,
    entry: int | None,
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
    earliest = _moment(sealed_before, start) - EARLIER if sealed_before else None
    latest = _moment(manifest["made_at"], start) + LATER
    for number in range(start, end):
        body = next(bodies, None)
        if body is None:
            raise Wrong(f"{manifest['entries']['name']} ends before entry {number}.", number)
        leaf = hashlib.sha256(b"\x00" + body).digest()
        place = 32 * (number - start)
        if leaf != leaves[place : place + 32]:
            raise Wrong(f"Entry {number} was altered, swapped, inserted or removed.", number)
        moment = _check_entry(number, body)
        if earliest and moment < earliest:
            raise Wrong(
                f"Entry {number} says it is older than the segment before it: its time is forged.", number
            )
        if moment > latest:
            raise Wrong(
                f"Entry {number} says it is from after its segment was sealed: its time is forged.", number
            )
        tree.add(leaf)
        if number == entry:
            found.leaf, found.body = leaf, body.decode()
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
    content = export.read(said["name"])
    if len(content) != said["bytes"]:
        raise Wrong(f"{said['name']} has {len(content)} bytes and should have {said['bytes']}.", start)
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise Wrong(f"{said['name']} was changed: its SHA-256 is another.", start)
    return content


def _first_wrong(export: Export, manifest: dict[str, Any], leaves: bytes, problem: str) -> tuple[str, int]:
    """The file of entries is not what was sealed: by the hashes of the leaves, which is the first that differs."""
    start, end = manifest["from"], manifest["to"]
    number = start
    try:
        for body in _bodies(export.read(manifest["entries"]["name"]), manifest["entries"]["name"], start):
            place = 32 * (number - start)
            if number >= end or hashlib.sha256(b"\x00" + body).digest() != leaves[place : place + 32]:
                break
            number += 1
    except Wrong:
        pass
    return f"{problem} Entry {number} is the first that is wrong.", number


def _bodies(packed: bytes, name: str, start: int) -> Iterator[bytes]:
    try:
        content = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as problem:
        raise Wrong(f"{name} cannot be unpacked ({problem}): it is cut short or damaged.", start) from None
    place, number = 0, start
    while place < len(content):
        length = int.from_bytes(content[place : place + 2], "big")
        body = content[place + 2 : place + 2 + length]
        if len(body) != length:
            raise Wrong(f"{name} ends in the middle of entry {number}.", number)
        yield body
        place, number = place + 2 + length, number + 1


def _check_entry(number: int, body: bytes) -> datetime:
    """Its time. Raises Wrong where it is not the canonical form of an entry."""
    try:
        content = json.loads(body)
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
    if base == name or not (export.root / f"{base}.manifest").is_file():
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
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["proof"]:
        return main_report(given[1:])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("export", type=Path, nargs="?")
    parser.add_argument("--proof", type=Path, help="of one entry, instead of an export")
    parser.add_argument("--body", type=Path, help="the bytes of that entry")
    parser.add_argument("--key", action="append", required=True, help="verifier key of the log")
    parser.add_argument("--witness", action="append", default=[], help="verifier key of a witness")
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, help="one kept from earlier")
    parser.add_argument("--entry", type=int, help="show this entry, and that it is in the tree")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    asked = parser.parse_args(arguments)
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
            Export(asked.export),
            [Key(each) for each in asked.key],
            witnesses=[Key(each) for each in asked.witness],
            earlier=[path.read_bytes() for path in asked.checkpoint],
            entry=asked.entry,
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
            "root": found.root,
            "from": found.first_at,
            "to": found.last_at,
        }
        if asked.entry is not None:
            report |= {"leaf": found.leaf.hex(), "body": found.body}
    return _print(asked, report)


def _print(asked: argparse.Namespace, report: dict[str, Any]) -> int:
    sys.stdout.write(json.dumps(report) + "\n" if asked.json else _in_words(report))
    return 0 if report["holds"] else 1


def _one_in_words(found: Found) -> dict[str, Any]:
    return {
        "holds": True,
        "entries": found.entries,
        "segments": 0,
        "checkpoints": 1,
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
    lines = [
        f"Holds: {report['entries']} entries in {report['segments']} segments, {report['checkpoints']} checkpoints.",
        f"Root {report['root']}, entries from {report['from'] or 'never'} to {report['to'] or 'never'}.",
    ]
    if report["witnesses"]:
        lines.append(f"Cosigned by {', '.join(report['witnesses'])}.")
    if "body" in report:
        lines += [f"The entry asked for is in the tree, its leaf is {report['leaf']}:", report["body"]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
