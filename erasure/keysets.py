"""The keys of a person's rows in one data set, as kept between search and verification: Arrow, sealed."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import orjson
import pyarrow as pa

from catalog.connectors.base import Match
from governance.keyring.sealing import open_sealed, seal

UNSAID = "-"
UNTOLD = "?"


@dataclass
class KeySet:
    """`matches` select the rows that are the person's alone, `accessed` those of others that are shown to the person.

    `shared` select rows that are the person's and others' too, by the columns that say so (their names, joined by
    commas): these are overwritten when the person goes. Under UNSAID are rows with no such column, under UNTOLD rows
    that no key tells apart from those that are the person's alone.

    `anchors` hold, per link that points here, the values its rows point to. They find rows that come later: they
    outlive the row they were read from.
    """

    matches: list[Match]
    anchors: dict[int, pa.Table] = field(default_factory=dict)
    accessed: list[Match] = field(default_factory=list)
    shared: dict[str, list[Match]] = field(default_factory=dict)

    @property
    def all_shared(self) -> list[Match]:
        return [match for matches in self.shared.values() for match in matches]

    @property
    def all(self) -> "KeySet":
        """Everything the person has a right to see."""
        return KeySet([*self.matches, *self.all_shared, *self.accessed])

    def part(self, name: str) -> "KeySet":
        """The rows of one step: by the empty name those that are the person's alone, otherwise a part of `shared`."""
        return KeySet(self.shared.get(name, [])) if name else self

    @property
    def size(self) -> int:
        return sum(match.keys.num_rows for match in self.matches)

    @classmethod
    def together(cls, keysets: Iterable["KeySet"]) -> "KeySet":
        """The rows of all of them, each key once: where they are compared alike, by one match."""
        alike: dict[tuple, list[pa.Table]] = {}
        anchors: dict[int, list[pa.Table]] = {}
        for keyset in keysets:
            for match in keyset.matches:
                way = (match.fold, match.path, match.inside, tuple(match.columns))
                alike.setdefault(way, []).append(match.keys)
            for link, values in keyset.anchors.items():
                anchors.setdefault(link, []).append(values)
        return cls(
            matches=[
                Match(_joined(tables), fold=fold, path=path, inside=inside)
                for (fold, path, inside, _), tables in alike.items()
            ],
            anchors={link: _joined(tables) for link, tables in anchors.items()},
        )

    def digest(self) -> str:
        """SHA-256 over the selected keys: the plan's fingerprint covers exactly these rows."""
        return hashlib.sha256(orjson.dumps([_dump(match) for match in self.matches])).hexdigest()

    def chunks(self, size: int, *, start: int = 0) -> Iterator[tuple[int, Match]]:
        """Matches of at most `size` keys, from key number `start` on, each with the number of the next key."""
        offset = 0
        for match in self.matches:
            total = match.keys.num_rows
            begin = max(0, start - offset)
            for low in range(begin, total, size):
                keys = match.keys.slice(low, size)
                yield offset + low + keys.num_rows, replace(match, keys=keys)
            offset += total

    def keep_anchors_of(self, earlier: "KeySet") -> None:
        """Remember also what rows found earlier were pointed to by: they may be gone, what points to them not."""
        for link, values in earlier.anchors.items():
            mine = self.anchors.get(link)
            if mine is None or mine.schema != values.schema:
                self.anchors.setdefault(link, values)
            else:
                self.anchors[link] = distinct(pa.concat_tables([mine, values]))

    def seal(self, *, bound_to: str) -> bytes:
        content = {
            "matches": [_dump(match) for match in self.matches],
            "accessed": [_dump(match) for match in self.accessed],
            "shared": {name: [_dump(match) for match in matches] for name, matches in self.shared.items()},
            "anchors": {str(link): _encode(table) for link, table in self.anchors.items()},
        }
        return seal(orjson.dumps(content), purpose="keys", bound_to=bound_to)

    @classmethod
    def open(cls, sealed: bytes | memoryview, *, bound_to: str) -> "KeySet":
        """Raises CannotOpen."""
        content = orjson.loads(open_sealed(sealed, purpose="keys", bound_to=bound_to))
        return cls(
            matches=[_load(match) for match in content["matches"]],
            accessed=[_load(match) for match in content.get("accessed", ())],
            shared={
                name: [_load(match) for match in matches]
                for name, matches in content.get("shared", {}).items()
            },
            anchors={int(link): _decode(table) for link, table in content["anchors"].items()},
        )


def distinct(table: pa.Table) -> pa.Table:
    """Each row once, rows with a null left out: a null points nowhere."""
    return table.drop_null().group_by(table.column_names, use_threads=False).aggregate([])


def _joined(tables: list[pa.Table]) -> pa.Table:
    if len(tables) == 1:
        return tables[0]
    return distinct(pa.concat_tables(tables, promote_options="permissive"))


def _dump(match: Match) -> dict:
    dumped = {"fold": match.fold, "keys": _encode(match.keys)}
    if match.path or match.inside:
        dumped |= {"path": match.path, "inside": match.inside}
    return dumped


def _load(stored: dict) -> Match:
    keys = _decode(stored["keys"])
    return Match(keys, fold=stored["fold"], path=stored.get("path", ""), inside=stored.get("inside", False))


def _encode(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table.combine_chunks())
    return base64.b64encode(sink.getvalue()).decode()


def _decode(text: str) -> pa.Table:
    with pa.ipc.open_stream(base64.b64decode(text)) as reader:
        return reader.read_all()
