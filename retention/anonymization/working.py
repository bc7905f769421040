"""The work of one run, as plain data: what a runner is given, and what another process makes a part of it from."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from catalog.connectors.file_places import LocalPlace
from catalog.connectors.parquet_file import ParquetFile
from retention.anonymization import sources
from retention.anonymization.column_types import typed
from retention.anonymization.compiling import Compiled
from retention.anonymization.rules import Rule, RuleSet
from retention.anonymization.techniques.base import Keys, Tokens

BATCH_ROWS = 50_000
# Made to look like the real thing, or one of few values: a single one may equal another person's by chance.
LIFELIKE = frozenset({"substitute", "ff1", "token", "noise", "date_shift"})


def lifelike(rule: Rule | None) -> bool:
    """Whether what the rule makes looks like what it replaces, and may be another one's by chance."""
    if rule is None or rule.technique not in LIFELIKE:
        return False
    return rule.technique != "token" or rule.parameters.get("format", "uuid") != "uuid"


@dataclass(frozen=True)
class Part:
    """Rows of the source that can be read alone: row groups `first` to `last` (excluded) of the Parquet file `path`,
    or, without a path, all rows of `data_set`, as the connector streams them. `rows` is None where nobody knows.
    """

    number: int
    data_set: str
    path: str = ""
    first: int = 0
    last: int = 0
    rows: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Receipt:
    """What was counted while a part was treated: `returned` are cells that came out as they were, `filled` nulls that
    came out with a value, both by column."""

    rows: int
    returned: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """`parts` in the order of the source; `staging` is a folder that every process of the runner can write to.

    `schema` is the source's with its types as promised; `watched` are the columns whose values must not come out
    again, and `person` is among those whose hashes are kept. `hash_key` is for these hashes only.
    """

    run: str
    rules: RuleSet
    schema: pa.Schema
    source: Mapping[str, Any]
    data_set: str
    parts: Sequence[Part]
    staging: Path
    watched: tuple[str, ...] = ()
    hash_key: str = field(default="", repr=False)
    keys: Keys | None = field(default=None, repr=False)
    tokens: Tokens | None = field(default=None, repr=False)

    @cached_property
    def compiled(self) -> Compiled:
        """The rules made ready, once in each process. Raises TechniqueError."""
        return Compiled(self.rules, self.schema, data_set=self.data_set, keys=self.keys, tokens=self.tokens)

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The watched columns that come out: none of their values may."""
        names = self.compiled.output_schema.names
        return tuple(name for name in self.watched if name in names and not lifelike(self.rules.of(name)))

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """The watched columns whose values are replaced by such as may be another one's: it is counted how many
        come out as they were."""
        names = self.compiled.output_schema.names
        return tuple(name for name in self.watched if name in names and lifelike(self.rules.of(name)))

    @property
    def hashed(self) -> tuple[str, ...]:
        """The columns whose source values are kept as hashes: those compared, and the person's."""
        return tuple(dict.fromkeys(name for name in (*self.compared, self.rules.person) if name))

    def read(self, part: Part) -> Iterator[pa.RecordBatch]:
        """The rows of a part, in batches of bounded size with the types of `schema`. Raises ConnectorError."""
        if not part.path:
            for batch in sources.stream(self.source, part.data_set, batch_rows=BATCH_ROWS):
                yield typed(batch, self.schema)
            return
        file = ParquetFile(LocalPlace(Path(part.path)), name=part.data_set)
        with file.row_groups() as groups:
            for group in range(part.first, part.last):
                for batch in groups.read(group, batch_rows=BATCH_ROWS):
                    yield typed(batch, self.schema)

    def staged(self, part: Part) -> Path:
        return self.staging / "parts" / f"part-{part.number:05}.parquet"

    def hashes(self, side: str) -> Path:
        """Where hashes of the values of `source` or `output` are kept until they are compared."""
        return self.staging / "hashes" / side

    def receipt(self, part: Part) -> Receipt | None:
        """The receipt of a part that is staged; None where it still has to be done."""
        try:
            return Receipt(**orjson.loads(self._receipt_path(part).read_bytes()))
        except FileNotFoundError:
            return None

    def sign(self, part: Part, receipt: Receipt) -> None:
        """Say, in one step, that a part is staged: its file is there and has all its rows."""
        place = self._receipt_path(part)
        draft = place.with_suffix(f".{uuid.uuid4().hex}.draft")
        draft.write_bytes(orjson.dumps(asdict(receipt)))
        os.replace(draft, place)

    def _receipt_path(self, part: Part) -> Path:
        return self.staging / "parts" / f"part-{part.number:05}.json"
