"""Messages in, what becomes of each out: a batch at a time, and one that cannot be treated spoils no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from retention.anonymization.compiling import Compiled
from retention.anonymization.rules import RuleSet
from retention.anonymization.streams.decoding import Decode, Unreadable, decode_json
from retention.anonymization.streams.encoding import encoded, key_text
from retention.anonymization.streams.fitting import fit
from retention.anonymization.streams.spec import DROP, StreamSpec
from retention.anonymization.techniques.base import Keys, TechniqueError, Tokens
from retention.vault.kms.base import KmsError


@dataclass(slots=True)
class Outcome:
    """What becomes of one message: `value` (None for a tombstone) and `key`, or the `problem` it is set aside for."""

    value: bytes | None = None
    key: bytes | None = None
    problem: str = ""


@dataclass
class Transformer:
    """The rules of a stream made ready. Raises TechniqueError for rules that do not go with the columns."""

    spec: StreamSpec
    keys: Keys | None = field(default=None, repr=False)
    tokens: Tokens | None = field(default=None, repr=False)
    decode: Decode = decode_json

    def __post_init__(self) -> None:
        spec = self.spec
        self._known = frozenset(spec.columns)
        self._rows = self._compiled(spec.rules, spec.schema)
        self._nested = spec.nested
        self._kept_nested = spec.kept_nested
        self._key: Compiled | None = None
        if spec.key:
            rule = spec.rules.of(spec.key)
            person = spec.key if spec.rules.person == spec.key else ""
            # A tombstone has nothing but its key: the key's rule must do with that.
            alone = RuleSet((rule,) if rule else (), person=person)
            self._key = self._compiled(alone, pa.schema([spec.schema.field(spec.key)]))
            if not self._key.output_schema.names:
                raise TechniqueError(
                    f"The key's column {spec.key} is dropped.", "Name no key, or keep the column."
                )

    def __call__(self, messages: Sequence[tuple[bytes | None, bytes | None]]) -> list[Outcome]:
        """One outcome for each (key, value), in order. What is raised is of the whole stream, not of a message."""
        outcomes = [Outcome() for _ in messages]
        rows: dict[int, Mapping[str, Any]] = {}
        for place, (_key, value) in enumerate(messages):
            if value is None:
                continue
            try:
                rows[place] = self._decoded(value)
            except Unreadable as problem:
                outcomes[place].problem = str(problem)
        self._treat(rows, outcomes)
        self._treat_keys({place: key for place, (key, _) in enumerate(messages)}, messages, outcomes)
        return outcomes

    def _compiled(self, rules: RuleSet, schema: pa.Schema) -> Compiled:
        return Compiled(rules, schema, data_set=self.spec.source, keys=self.keys, tokens=self.tokens)

    def _decoded(self, value: bytes) -> Mapping[str, Any]:
        found = self.decode(value)
        if not self._known.issuperset(found) and self.spec.unknown != DROP:
            # Names may be data too, and this is written where more people look.
            raise Unreadable(f"{len(found.keys() - self._known)} of its fields are not declared.")
        return found

    def _treat(self, rows: dict[int, Mapping[str, Any]], outcomes: list[Outcome]) -> None:
        rows, batch = self._fitting(rows, outcomes)
        if not rows:
            return
        places = list(rows)
        for part, out in self._transformed(self._rows, batch, 0):
            if isinstance(out, TechniqueError):
                outcomes[places[part]].problem = out.message
            else:
                for offset, value in enumerate(encoded(out, kept_nested=self._kept_nested)):
                    outcomes[places[part + offset]].value = value

    def _fitting(
        self, rows: dict[int, Mapping[str, Any]], outcomes: list[Outcome]
    ) -> tuple[dict[int, Mapping[str, Any]], pa.RecordBatch]:
        """The rows that fit the schema, as a batch; the others get their problem."""
        arrays = []
        for column in self._rows.schema:
            name, places = column.name, list(rows)
            values = [row.get(name) for row in rows.values()]
            array, problems = fit(name, values, column.type, nested=name in self._nested)
            if array is None:
                for place, problem in problems.items():
                    outcomes[places[place]].problem = problem
                    del rows[places[place]]
                return self._fitting(rows, outcomes)
            arrays.append(array)
        return rows, pa.RecordBatch.from_arrays(arrays, schema=self._rows.schema)

    def _transformed(
        self, compiled: Compiled, batch: pa.RecordBatch, start: int
    ) -> list[tuple[int, pa.RecordBatch | TechniqueError]]:
        """The batch in pieces with their first row: as a whole, or halved until what cannot be treated stands alone."""
        try:
            return [(start, compiled.transform(batch))]
        except KmsError:  # no message is to blame
            raise
        except TechniqueError as problem:
            if len(batch) == 1:
                return [(start, problem)]
        half = len(batch) // 2
        return [
            *self._transformed(compiled, batch.slice(0, half), start),
            *self._transformed(compiled, batch.slice(half), start + half),
        ]

    def _treat_keys(
        self,
        keys: Mapping[int, bytes | None],
        messages: Sequence[tuple[bytes | None, bytes | None]],
        outcomes: list[Outcome],
    ) -> None:
        """The keys by their column's rule; without such a column they are left out."""
        if self._key is None:
            for place, (key, value) in enumerate(messages):
                if value is None and key is not None:
                    outcomes[place].problem = "It deletes by a key, and no column's rule is named for keys."
            return
        texts: dict[int, Any] = {}
        for place, key in keys.items():
            if outcomes[place].problem or key is None:
                continue
            try:
                texts[place] = key.decode()
            except UnicodeDecodeError:
                outcomes[place].problem = "Its key is no text."
        typed, batch = self._keys_fitting(texts, outcomes)
        places = list(typed)
        if not places:
            return
        for part, out in self._transformed(self._key, batch, 0):
            if isinstance(out, TechniqueError):
                outcomes[places[part]].problem = f"Its key: {out.message}"
            else:
                for offset, value in enumerate(out.column(0).to_pylist()):
                    outcomes[places[part + offset]].key = None if value is None else key_text(value)

    def _keys_fitting(
        self, texts: dict[int, str], outcomes: list[Outcome]
    ) -> tuple[dict[int, str], pa.RecordBatch]:
        assert self._key is not None
        (column,) = self._key.schema
        try:
            array = pa.array(texts.values(), pa.string()).cast(column.type)
        except pa.ArrowInvalid:
            for place in list(texts):
                try:
                    pa.array([texts[place]], pa.string()).cast(column.type)
                except pa.ArrowInvalid:
                    outcomes[place].problem = f"Its key does not fit the type of {column.name}."
                    del texts[place]
            array = pa.array(texts.values(), pa.string()).cast(column.type)
        return texts, pa.RecordBatch.from_arrays([array], schema=self._key.schema)
