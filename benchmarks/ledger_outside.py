"""What an outsider waits for: a stand-alone check of a large export, and the proof of one entry of a very large log."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.ground import execute, judged, seconds, table

STANDALONE, PROOF_MS, PROOF_BYTES = 30, 5, 3_000  # seconds for 1,000,000 entries; one proof at 10,000,000
SEGMENT = 50_000
ASKED = 200
WIDTH = 256


def body_of(number: int) -> bytes:
    """An entry of some 450 bytes, as most are."""
    content = {
        "action": "step.done",
        "actor": {"id": "dc1a9cff-3ac1-4ec5-ba14-91d3f150b230", "kind": "user", "role": "officer"},
        "at": "2026-01-01T00:00:00.000000Z",
        "correlation": "6d3c818f86a7448894f1286d3c4553ef",
        "facts": {
            "data_set": "shop / public.invoice_line",
            "method": "delete",
            "rows_after": 0,
            "rows_before": number,
        },
        "id": hashlib.md5(str(number).encode()).hexdigest(),
        "object": {"id": "1", "name": "R-2026-00001 plan 1", "type": "erasure.plan"},
        "subject": "person:2f0355252ce1c7e533aae951b9964496",
        "v": 1,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def measure_standalone(entries: int) -> dict[str, float]:
    """Seconds that the verifier takes, in a process of its own, beside hashing the same bytes and nothing else."""
    from audit.ledger import verifier  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        key = write_export(root, entries)
        command = [sys.executable, "-I", verifier.__file__, str(root), "--key", key, "--json"]
        told: dict[str, Any] = {}

        def check() -> None:
            told.update(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))

        taken = seconds(check)
        assert (told["holds"], told["entries"]) == (True, entries), told
        bodies = [body_of(number) for number in range(min(entries, 100_000))]
        hashed = seconds(partial(hash_all, bodies)) * entries / len(bodies)
        return {
            "verified": taken,
            "hashed": hashed,
            "bytes": sum(p.stat().st_size for p in root.rglob("*.gz")),
        }


def write_export(root: Path, entries: int) -> str:
    """As the console writes it, without its database; the verifier key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    from audit.ledger.merkle import Growing, leaf_hash  # noqa: PLC0415
    from audit.ledger.notes import LOG, Note, SigningKey  # noqa: PLC0415
    from audit.ledger.worm.segments import name_of  # noqa: PLC0415

    key = SigningKey("benchmark.example/ledger", LOG, Ed25519PrivateKey.generate())
    tree, previous = Growing(), ""
    (root / "segments").mkdir()
    for start in range(0, entries, SEGMENT):
        end = min(start + SEGMENT, entries)
        framed, leaves = bytearray(), bytearray()
        for number in range(start, end):
            body = body_of(number)
            framed += len(body).to_bytes(2, "big") + body
            leaves += (leaf := leaf_hash(body))
            tree.add(leaf)
        files = {
            "entries": (".entries.gz", gzip.compress(framed, 6, mtime=0)),
            "leaves": (".leaves", bytes(leaves)),
        }
        manifest: dict[str, Any] = {
            "format": 1,
            "origin": key.name,
            "from": start,
            "to": end,
            "root": base64.b64encode(tree.root()).decode(),
            "previous": previous,
            "made_at": "2026-01-01T00:00:00.000000Z",
            "retain_until": "2033-01-01T00:00:00.000000Z",
        }
        for kind, (ending, content) in files.items():
            name = f"{name_of(start, end)}{ending}"
            (root / name).write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            manifest[kind] = {"name": name, "bytes": len(content), "sha256": digest}
        text = json.dumps(manifest, sort_keys=True, separators=(",", ":")) + "\n"
        note = str(Note(text, (key.sign(text),))).encode()
        (root / f"{name_of(start, end)}.manifest").write_bytes(note)
        previous = hashlib.sha256(note).hexdigest()
    return str(key.verifier)


def hash_all(contents: list[bytes]) -> None:
    for content in contents:
        hashlib.sha256(b"\x00" + content).digest()


def measure_proofs(size: int) -> dict[str, float]:
    """Milliseconds and bytes of the proof of a random entry in a log of that size; every proof is checked.

    The tree's hashes are made up and stored, the entries behind them are not; all of it is rolled back.
    """
    from django.db import transaction  # noqa: PLC0415

    from audit.ledger import tiles  # noqa: PLC0415
    from audit.ledger.checkpoints import root_at  # noqa: PLC0415
    from audit.ledger.merkle import check_inclusion  # noqa: PLC0415
    from audit.ledger.models import Checkpoint, Entry, Tile  # noqa: PLC0415
    from audit.ledger.notes import Note, TreeHead  # noqa: PLC0415
    from audit.ledger.proofs import inclusion, proof_of  # noqa: PLC0415
    from audit.ledger.signing import signing_key  # noqa: PLC0415

    dice = random.Random(size)
    with transaction.atomic():
        full = size // WIDTH
        Tile.objects.bulk_create(made_up_tiles(dice, full), batch_size=200)
        Entry.objects.bulk_create(made_up_entries(dice, full * WIDTH, size))
        for level in range(1, 8):
            _raise_level(tiles, level, size >> (8 * (level + 1)))
        execute("ANALYZE ledger_tile")
        root = root_at(size)
        text = TreeHead(signing_key().name, size, root).text()
        note = str(Note(text, (signing_key().sign(text),)))
        checkpoint = Checkpoint.objects.create(size=size, root=root, note=note, at="2026-01-01T00:00:00Z")
        times, lengths = [], []
        for _ in range(ASKED):
            number = dice.randrange(size)
            began = time.perf_counter()
            proof = proof_of(number, checkpoint)
            times.append(1_000 * (time.perf_counter() - began))
            lengths.append(len(proof))
            (leaf,) = _leaf(number, full)
            check_inclusion(number, size, leaf, inclusion(number, size), root)
        transaction.set_rollback(True)
    return {"median": median(times), "late": quantiles(times, n=100)[98], "bytes": max(lengths)}


def made_up_tiles(dice: random.Random, full: int) -> Iterator[Any]:
    from audit.ledger.models import Tile  # noqa: PLC0415
    from audit.ledger.tiles import _root  # noqa: PLC0415

    for index in range(full):
        hashes = dice.randbytes(32 * WIDTH)
        split = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
        yield Tile(level=0, index=index, hashes=hashes, root=_root(split))


def made_up_entries(dice: random.Random, start: int, end: int) -> Iterator[Any]:
    from audit.ledger.models import Entry  # noqa: PLC0415

    for number in range(start, end):
        shown = dict.fromkeys(("action", "actor", "object_type", "object_id", "subject", "correlation"), "")
        at = "2026-01-01T00:00:00Z"
        yield Entry(number=number, leaf=dice.randbytes(32), chain=b"", body=b"{}", at=at, **shown)


def _raise_level(tiles: Any, level: int, full: int) -> None:
    from audit.ledger.models import Tile  # noqa: PLC0415

    for index in range(full):
        hashes = tiles.hashes_at(level, index * WIDTH, (index + 1) * WIDTH)
        Tile.objects.create(level=level, index=index, hashes=b"".join(hashes), root=tiles._root(hashes))


def _leaf(number: int, full: int) -> Iterator[bytes]:
    from audit.ledger.models import Entry, Tile  # noqa: PLC0415

    if number >= full * WIDTH:
        yield bytes(Entry.objects.get(number=number).leaf)
        return
    hashes = bytes(Tile.objects.get(level=0, index=number // WIDTH).hashes)
    place = 32 * (number % WIDTH)
    yield hashes[place : place + 32]


def report_outside(entries: int, standalone: dict[str, float], proofs: dict[int, dict[str, float]]) -> str:
    """The targets are for 1,000,000 entries of an export and for the largest log; smaller runs are scaled."""
    allowed = STANDALONE * entries / 1_000_000
    rows = [
        [
            f"stand-alone verifier, {entries:,} entries in {standalone['bytes'] / 1e6:,.0f} MB, seconds "
            f"({entries / standalone['verified']:,.0f}/s; hashing alone {entries / standalone['hashed']:,.0f}/s)",
            f"{standalone['verified']:.1f}",
            f"{allowed:.1f}",
            judged(standalone["verified"] <= allowed),
        ]
    ]
    for size, told in proofs.items():
        rows += [
            [
                f"proof of an entry of {size:,}, ms (99 of 100: {told['late']:.1f})",
                f"{told['median']:.1f}",
                f"{PROOF_MS}",
                judged(told["median"] < PROOF_MS),
            ],
            [
                f"proof of an entry of {size:,}, bytes at most",
                f"{told['bytes']:,.0f}",
                f"{PROOF_BYTES:,}",
                judged(told["bytes"] <= PROOF_BYTES),
            ],
        ]
    return table(["outside", "measured", "target", ""], rows)
