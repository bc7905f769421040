"""A rule set made ready for one schema: batch in, batch out, the same in every runner."""

from __future__ import annotations

import pyarrow as pa

from retention.anonymization.rules import RuleSet
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import (
    Environment,
    Keys,
    Technique,
    TechniqueError,
    Tokens,
    Transform,
)


class SchemaChanged(TechniqueError):
    """A later part of the source has other columns or types than its beginning."""


class Compiled:
    """`transform` applies the rules to a batch of `schema`; what it returns has `output_schema`.

    Raises TechniqueError, before any row is read, for a column without a rule, an unknown technique, a wrong
    parameter, a type that a technique cannot treat, and a missing key.
    """

    def __init__(
        self,
        rules: RuleSet,
        schema: pa.Schema,
        *,
        data_set: str = "",
        keys: Keys | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self.rules = rules
        self.schema = schema
        undecided = rules.without_rule(schema.names)
        if undecided:
            raise TechniqueError(
                f"No rule says what becomes of {', '.join(undecided)}.",
                "Name a technique for each column, or `keep` to keep it on purpose.",
            )
        if rules.person and rules.person not in schema.names:
            raise TechniqueError(f"There is no column {rules.person} that could tell persons apart.")
        self._transforms: list[tuple[str, Transform]] = []
        fields = []
        for column in schema:
            technique = technique_of(rules, column.name)
            if technique.needs_person and not rules.person:
                raise TechniqueError(
                    f"{technique.label} of {column.name} needs a column that tells persons apart.",
                    "Name it as the person's column of the rule set.",
                )
            if technique.drops:
                continue
            environment = Environment(column=column.name, data_set=data_set, keys=keys, tokens=tokens)
            self._transforms.append((column.name, technique.prepare(column.type, environment)))
            # What the source says about a field, such as its tags, no longer holds of what comes out.
            fields.append(pa.field(column.name, technique.output_type(column.type), nullable=True))
        self.output_schema = pa.schema(fields)

    def transform(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The anonymized batch: as many rows, in the same order. The given one is not changed."""
        if not batch.schema.equals(self.schema):
            raise SchemaChanged(
                f"The columns changed on the way: {_difference(self.schema, batch.schema)}.",
                "Bring all parts of the source to one schema and start again; nothing was delivered.",
            )
        person = None
        if self.rules.person:
            person = batch.column(self.rules.person).cast(pa.string())
        arrays = [transform(batch.column(name), person) for name, transform in self._transforms]
        if not arrays:
            raise TechniqueError("Every column is dropped: there is nothing to deliver.")
        return pa.RecordBatch.from_arrays(arrays, schema=self.output_schema)


def technique_of(rules: RuleSet, column: str) -> Technique:
    """The technique of a column, with its parameters checked. Raises TechniqueError."""
    rule = rules.of(column)
    if rule is None:
        raise TechniqueError(f"No rule says what becomes of {column}.")
    try:
        cls = registry.get(rule.technique)
    except KeyError as unknown:
        raise TechniqueError(f"Column {column}: {unknown.args[0]}") from None
    try:
        return cls(rule.parameters)
    except TechniqueError as problem:
        raise TechniqueError(f"Column {column}: {problem.message}", problem.remedy) from None


def _difference(expected: pa.Schema, found: pa.Schema) -> str:
    before = {column.name: column.type for column in expected}
    now = {column.name: column.type for column in found}
    words = [f"{name} is gone" for name in before if name not in now]
    words += [f"{name} is new" for name in now if name not in before]
    words += [
        f"{name} is {now[name]} and was {kind}"
        for name, kind in before.items()
        if name in now and now[name] != kind
    ]
    return ", ".join(words) or "their order"
