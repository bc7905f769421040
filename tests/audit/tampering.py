"""Every way in which somebody may change an export, with what the verifier has to say of it."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.ledger.merkle import leaf_hash, root_of
from audit.ledger.notes import LOG, Note, SigningKey, TreeHead
from audit.ledger.worm.segments import framed


@dataclass(frozen=True)
class Expected:
    """`words` is a pattern; `kept`: it is found with a checkpoint that somebody kept, and only so."""

    words: str
    entry: int | None = None
    kept: bool = False


@dataclass(frozen=True)
class Held:
    """What a forger inside the house has: the log's key, and the one it had before, revoked at this size."""

    key: SigningKey
    revoked: SigningKey


Tamper = Callable[[Path, random.Random, Held], Expected]


def files(root: Path, ending: str) -> list[Path]:
    return sorted((root / "segments").glob(f"*.{ending}"))


def span(path: Path) -> tuple[int, int]:
    start, _, end = path.name.partition(".")[0].partition("-")
    return int(start), int(end)


def bodies_of(path: Path) -> list[bytes]:
    return list(framed(gzip.decompress(path.read_bytes())))


def pack(bodies: list[bytes]) -> bytes:
    return gzip.compress(b"".join(len(body).to_bytes(2, "big") + body for body in bodies), mtime=0)


def _first_wrong(path: Path, number: int) -> Expected:
    entry = span(path)[0] + number
    return Expected(f"Entry {entry} is the first that is wrong", entry)


def altered(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice(files(root, "entries.gz"))
    bodies = bodies_of(path)
    number = dice.randrange(len(bodies))
    body = bytearray(bodies[number])
    body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    bodies[number] = bytes(body)
    path.write_bytes(pack(bodies))
    return _first_wrong(path, number)


def removed(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice(files(root, "entries.gz"))
    bodies = bodies_of(path)
    number = dice.randrange(len(bodies))
    del bodies[number]
    path.write_bytes(pack(bodies))
    return _first_wrong(path, number)


def inserted(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice(files(root, "entries.gz"))
    bodies = bodies_of(path)
    number = dice.randrange(len(bodies) + 1)
    bodies.insert(number, bodies[0].replace(b"test", b"best"))
    path.write_bytes(pack(bodies))
    return _first_wrong(path, number)


def swapped(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice([each for each in files(root, "entries.gz") if len(bodies_of(each)) > 1])
    bodies = bodies_of(path)
    one, other = sorted(dice.sample(range(len(bodies)), 2))
    bodies[one], bodies[other] = bodies[other], bodies[one]
    path.write_bytes(pack(bodies))
    return _first_wrong(path, one)


def half_written(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice(files(root, "entries.gz") + files(root, "leaves"))
    length = path.stat().st_size
    path.write_bytes(path.read_bytes()[: dice.randrange(length)])
    said = f"segments/{path.name} has {path.stat().st_size} bytes and should have {length}"
    return Expected(re.escape(said))


def bit_flipped(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice([each for each in root.rglob("*") if each.is_file() and each.parent.name != "keys"])
    content = bytearray(path.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(bytes(content))
    return Expected(re.escape(path.relative_to(root).as_posix()))


def segment_gone(root: Path, dice: random.Random, held: Held) -> Expected:
    manifest = dice.choice(files(root, "manifest")[:-1])
    for path in (root / "segments").glob(f"{manifest.stem}.*"):
        path.unlink()
    start, end = span(manifest)
    return Expected(f"The entries {start} to {end - 1} are missing: no segment has them", start)


def manifest_gone(root: Path, dice: random.Random, held: Held) -> Expected:
    manifest = dice.choice(files(root, "manifest"))
    manifest.unlink()
    return Expected(f"segments/{manifest.stem}.*belongs to no manifest: the segment is half written")


def tail_cut_off(root: Path, dice: random.Random, held: Held) -> Expected:
    """The last segments, but not the checkpoints."""
    gone = files(root, "manifest")[-dice.randint(1, 3) :]
    for manifest in gone:
        for path in (root / "segments").glob(f"{manifest.stem}.*"):
            path.unlink()
    start = span(gone[0])[0]
    return Expected(f"the export ends at {start}: the later ones are missing", start)


def tail_and_checkpoints_cut_off(root: Path, dice: random.Random, held: Held) -> Expected:
    expected = tail_cut_off(root, dice, held)
    for path in (root / "checkpoints").iterdir():
        if int(path.name) > (expected.entry or 0):
            path.unlink()
    for path in (root / "key-changes").iterdir():
        if int(path.name.partition("-")[0]) > (expected.entry or 0):
            path.unlink()
    return Expected(expected.words, expected.entry, kept=True)


def manifests_swapped(root: Path, dice: random.Random, held: Held) -> Expected:
    one, other = dice.sample(files(root, "manifest"), 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return Expected(f"segments/{min(one, other).name} ")


def fork(root: Path, dice: random.Random, held: Held) -> Expected:
    """Another root for a size that was published, signed with the log's own key."""
    path = dice.choice(sorted((root / "checkpoints").iterdir()))
    text = TreeHead(held.key.name, int(path.name), dice.randbytes(32)).text()
    (root / "checkpoints" / "fork").write_text(str(Note(text, (held.key.sign(text),))))
    return Expected(f"say different things of the same {int(path.name)} entries: the log was forked")


def other_key(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice(sorted((root / "checkpoints").iterdir()) + files(root, "manifest"))
    text = Note.parse(path.read_text()).text
    stranger = SigningKey(held.key.name, LOG, Ed25519PrivateKey.from_private_bytes(dice.randbytes(32)))
    path.write_text(str(Note(text, (stranger.sign(text),))))
    return Expected(f"{path.parent.name}/{path.name} is not signed by a key of {held.key.name}")


def revoked_key(root: Path, dice: random.Random, held: Held) -> Expected:
    """The latest checkpoint or manifest, signed with the key that was revoked before."""
    path = dice.choice([sorted((root / "checkpoints").iterdir())[-1], files(root, "manifest")[-1]])
    text = Note.parse(path.read_text()).text
    path.write_text(str(Note(text, (held.revoked.sign(text),))))
    return Expected(f"{path.name} is signed by a key of .* entries only: it was replaced or revoked")


def other_root(root: Path, dice: random.Random, held: Held) -> Expected:
    path = dice.choice(files(root, "manifest"))
    manifest = json.loads(Note.parse(path.read_text()).text)
    manifest["root"] = base64.b64encode(dice.randbytes(32)).decode()
    _sign(path, manifest, held)
    end = span(path)[1]
    return Expected(f"The entries up to {end - 1} do not lead to the root that was signed for them")


def recomputed(root: Path, dice: random.Random, held: Held) -> Expected:
    """An entry rewritten, and every hash, root and manifest after it made anew: but checkpoints were published."""
    first = dice.randrange(len(files(root, "manifest")))
    reseal(root, first, held, lambda bodies: _reworded(bodies, dice))
    return Expected(r"checkpoints/\d+ has another root than the entries")


def two_histories(root: Path, dice: random.Random, held: Held) -> Expected:
    """As before, and the checkpoints signed anew: whole by itself, and not what another auditor was shown."""
    first = dice.randrange(len(files(root, "manifest")))
    reseal(root, first, held, lambda bodies: _reworded(bodies, dice), checkpoints=True)
    return Expected("say different things of the same .* entries: the log was forked", kept=True)


def backdated(root: Path, dice: random.Random, held: Held) -> Expected:
    first = dice.randrange(1, len(files(root, "manifest")))
    found: list[int] = []
    reseal(
        root, first, held, lambda bodies: _moved(bodies, dice, -timedelta(days=3), found), checkpoints=True
    )
    entry = span(files(root, "manifest")[first])[0] + found[0]
    return Expected(f"Entry {entry} says it is older than the segment before it: its time is forged", entry)


def postdated(root: Path, dice: random.Random, held: Held) -> Expected:
    first = dice.randrange(len(files(root, "manifest")))
    found: list[int] = []
    reseal(root, first, held, lambda bodies: _moved(bodies, dice, timedelta(days=1), found), checkpoints=True)
    entry = span(files(root, "manifest")[first])[0] + found[0]
    return Expected(f"Entry {entry} says it is from after its segment was sealed: its time is forged", entry)


def appended_with_forged_time(root: Path, dice: random.Random, held: Held) -> Expected:
    """One more segment with one entry, signed with the log's key, that pretends to be of last week."""
    last = files(root, "manifest")[-1]
    end = span(last)[1]
    body = bodies_of(last.with_suffix(".entries.gz"))[0]
    base = f"{end:014d}-{end + 1:014d}"
    manifest = json.loads(Note.parse(last.read_text()).text) | {"from": end, "to": end + 1}
    manifest["entries"] = {"name": f"segments/{base}.entries.gz"}
    manifest["leaves"] = {"name": f"segments/{base}.leaves"}
    _write(root, manifest, _moved([body], dice, -timedelta(days=7), []), held)
    return Expected(f"Entry {end} says it is older than the segment before it: its time is forged", end)


def clock_set_back(root: Path, dice: random.Random, held: Held) -> Expected:
    """The log's machine lived in the past when it sealed the last segment: by some hours, or by days."""
    last = files(root, "manifest")[-1]
    back = timedelta(hours=dice.choice([1, 5, 100]))
    reseal(
        root,
        len(files(root, "manifest")) - 1,
        held,
        lambda bodies: [_at(body, -back) for body in bodies],
        checkpoints=True,
        back=back,
    )
    said = f"segments/{last.name} says it was sealed before the one before it: the clock was set back"
    return Expected(said, span(last)[0])


KINDS: list[Tamper] = [
    altered,
    removed,
    inserted,
    swapped,
    half_written,
    bit_flipped,
    segment_gone,
    manifest_gone,
    tail_cut_off,
    tail_and_checkpoints_cut_off,
    manifests_swapped,
    fork,
    two_histories,
    other_key,
    revoked_key,
    other_root,
    recomputed,
    backdated,
    postdated,
    appended_with_forged_time,
    clock_set_back,
]


def reseal(
    root: Path,
    first: int,
    held: Held,
    change: Callable[[list[bytes]], list[bytes]],
    *,
    checkpoints: bool = False,
    back: timedelta = timedelta(),
) -> None:
    """Change the entries of one segment and make everything after it anew, as who has the log's key can."""
    for number, path in enumerate(files(root, "manifest")[first:]):
        manifest = json.loads(Note.parse(path.read_text()).text)
        bodies = bodies_of(root / manifest["entries"]["name"])
        if back:
            made_at = datetime.fromisoformat(manifest["made_at"]) - back
            manifest["made_at"] = made_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        _write(root, manifest, change(bodies) if number == 0 else bodies, held)
    start = span(files(root, "manifest")[first])[0]
    for path in sorted((root / "checkpoints").iterdir()) if checkpoints else ():
        size = int(path.name)
        if size > start:
            text = TreeHead(held.key.name, size, root_of(_leaves(root)[:size])).text()
            path.write_text(str(Note(text, (held.key.sign(text),))))


def _write(root: Path, manifest: dict, bodies: list[bytes], held: Held) -> None:
    """The three files of a segment, after those before it."""
    leaves = b"".join(leaf_hash(body) for body in bodies)
    for name, content in (("entries", pack(bodies)), ("leaves", leaves)):
        (root / manifest[name]["name"]).write_bytes(content)
        manifest[name] |= {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    path = root / manifest["leaves"]["name"].replace(".leaves", ".manifest")
    before = [each for each in files(root, "manifest") if each.name < path.name]
    manifest["previous"] = sha256(before[-1].read_bytes()).hexdigest() if before else ""
    manifest["root"] = base64.b64encode(root_of(_leaves(root)[: manifest["to"]])).decode()
    _sign(path, manifest, held)


def _sign(path: Path, manifest: dict, held: Held) -> None:
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")) + "\n"
    path.write_text(str(Note(text, (held.key.sign(text),))))


def _leaves(root: Path) -> list[bytes]:
    content = b"".join(path.read_bytes() for path in files(root, "leaves"))
    return [content[at : at + 32] for at in range(0, len(content), 32)]


def _reworded(bodies: list[bytes], dice: random.Random) -> list[bytes]:
    number = dice.randrange(len(bodies))
    bodies[number] = bodies[number].replace(b'"kind":"system"', b'"kind":"nobody"')
    return bodies


def _moved(bodies: list[bytes], dice: random.Random, by: timedelta, found: list[int]) -> list[bytes]:
    found.append(number := dice.randrange(len(bodies)))
    bodies[number] = _at(bodies[number], by)
    return bodies


def _at(body: bytes, by: timedelta) -> bytes:
    content = json.loads(body)
    moment = datetime.fromisoformat(content["at"]).astimezone(UTC) + by
    content["at"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
