"""Values sealed with AES-256-GCM, for those who hold the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.exceptions import InvalidTag

from retention.anonymization.columns import ColumnTechnique, on_valid, refused
from retention.anonymization.sealing import (
    Sealer,
    draw_nonces,
    read_sealed,
    sealer_for,
    write_binary,
    write_text,
)
from retention.anonymization.techniques.base import (
    Environment,
    Keys,
    TechniqueError,
    Transform,
    parameter,
)
from retention.anonymization.texts import as_bytes, as_text, from_text, has_text, is_bytes


@dataclass(frozen=True)
class Parameters:
    key: str = parameter("anonymization", label="Key", help="Name of the key in the key ring.")
    per_person: bool = parameter(
        False,
        label="A key for each person",
        help="Once a person's key is destroyed nobody can read their values any more. Values of nobody become null.",
    )
    written: str = parameter("text", label="Written as", choices=("text", "binary"))


class Encrypt(ColumnTechnique):
    """Each value under a nonce of its own: equal values look different. How it is written: see `sealing`.

    The key is derived for the data set and column, which together with its id are also the associated data: moved
    elsewhere, a value does not open. The length of a value shows.
    """

    kind = "encrypt"
    label = "Encrypt"
    explanation = (
        "Values can be read again by whoever holds the key, and by nobody else; equal values look different."
    )
    Parameters = Parameters
    reversible = True
    consistent = False
    distinct = True
    repeatable = False
    by_distinct = False

    def check(self) -> None:
        self.needs_person = self.parameters.per_person

    def key_names(self) -> tuple[str, ...]:
        return (self.parameters.key,)

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain):
            raise refused(self, plain)
        return pa.string() if self.parameters.written == "text" else pa.binary()

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        keys, context = environment.require_keys(), (environment.data_set, environment.column)
        write = write_text if self.parameters.written == "text" else write_binary
        if self.parameters.per_person:
            keys.of_persons(self.parameters.key, [])  # a ring without that key says so at once

            def encrypt_each(values: pa.Array, person: pa.Array | None) -> pa.Array:
                if person is None:
                    raise TechniqueError(
                        f"Column {environment.column} needs the column that tells persons apart."
                    )
                values = pc.if_else(person.is_valid(), values, pa.scalar(None, values.type))
                owners = person.filter(values.is_valid()).to_pylist()
                return on_valid(values, lambda valid: write(*self._of_persons(valid, owners, keys, context)))

            return encrypt_each
        secret = keys.current(self.parameters.key)
        sealer = sealer_for(secret, *context)

        def encrypt(values: pa.Array, person: pa.Array | None) -> pa.Array:
            return on_valid(values, lambda valid: write(secret.id, sealer.seal(_plaintexts(valid))))

        return encrypt

    def _of_persons(
        self, values: pa.Array, owners: Sequence[str], keys: Keys, context: tuple[str, str]
    ) -> tuple[list[str], list[bytes]]:
        persons = list(dict.fromkeys(owners))
        secrets = dict(zip(persons, keys.of_persons(self.parameters.key, persons), strict=True))
        sealers = {owner: sealer_for(secret, *context) for owner, secret in secrets.items()}
        plaintexts = _plaintexts(values)
        sealed = [
            sealers[owner].seal_one(plaintext, nonce)
            for owner, plaintext, nonce in zip(owners, plaintexts, draw_nonces(len(plaintexts)), strict=True)
        ]
        return [secrets[owner].id for owner in owners], sealed

    def inverse(self, plain: pa.DataType, environment: Environment) -> Transform:
        keys, context = environment.require_keys(), (environment.data_set, environment.column)

        def open_all(values: pa.Array, person: pa.Array | None) -> pa.Array:
            if not self.parameters.per_person:
                return on_valid(values, lambda valid: opened(valid, None))
            if person is None:
                raise TechniqueError(
                    f"Column {environment.column} has a key for each person: say whose each value is.",
                    "Give the column that told persons apart.",
                )
            owners = person.filter(values.is_valid()).to_pylist()
            return on_valid(values, lambda valid: opened(valid, owners))

        def opened(valid: pa.Array, owners: Sequence[str | None] | None) -> pa.Array:
            try:
                if owners is None:
                    plaintexts: list[Any] = _by_version(valid, keys, context)
                else:
                    plaintexts = self._by_person(valid, owners, keys, context)
                if is_bytes(plain):
                    return pa.array(plaintexts, plain)
                return from_text(pa.array(plaintexts, pa.binary()).cast(pa.string()), plain)
            except TechniqueError:
                raise
            except (InvalidTag, ValueError):
                raise TechniqueError(
                    f"A value of column {environment.column} does not open: it was changed, or was encrypted for"
                    " another data set, column, key or type.",
                    "Name the data set and column that it was encrypted in.",
                ) from None

        return open_all

    def _by_person(
        self, values: pa.Array, owners: Sequence[str | None], keys: Keys, context: tuple[str, str]
    ) -> list[bytes | None]:
        """None where the person's key is gone. A key they got later has the same id, so what it does not open is
        nobody's any more either: one such value must not hide those of all others."""
        persons = [owner for owner in dict.fromkeys(owners) if owner and owner.strip()]
        known = zip(persons, keys.known_persons(self.parameters.key, persons), strict=True)
        sealers = {owner: (secret.id, sealer_for(secret, *context)) for owner, secret in known if secret}
        return [
            _opened(sealed, *sealers[owner], key_id=key_id) if owner in sealers else None
            for owner, (key_id, sealed) in zip(owners, map(read_sealed, values.to_pylist()), strict=True)
        ]


def _by_version(values: pa.Array, keys: Keys, context: tuple[str, str]) -> list[bytes]:
    sealers: dict[str, Sealer] = {}
    plaintexts = []
    for key_id, sealed in map(read_sealed, values.to_pylist()):
        if key_id not in sealers:
            sealers[key_id] = sealer_for(keys.version(key_id), *context)
        plaintexts.append(sealers[key_id].open(sealed))
    return plaintexts


def _opened(sealed: bytes, secret_id: str, sealer: Sealer, *, key_id: str) -> bytes | None:
    try:
        return sealer.open(sealed) if key_id == secret_id else None
    except InvalidTag:
        return None


def _plaintexts(values: pa.Array) -> list[bytes]:
    if is_bytes(values.type):
        return values.to_pylist()
    return as_bytes(as_text(values))
