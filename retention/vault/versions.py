"""The versions of named keys as the database has them, in plain SQL: a process without Django's apps may ask too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import connection, transaction

from retention.anonymization.techniques.base import TechniqueError
from retention.vault.material import Wrapped, fresh

NAME = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,79}\Z")
LONGEST_DOMAIN = 600  # of tokens: what an index has room for, at four bytes a character
FIXED = "vault.lookups"  # never rotated: tokens would no longer be found by their values

READ = """
    SELECT k.name, v.number, v.kms, v.reference, v.wrapped, v.state = 'active'
    FROM vault_key_version v JOIN vault_key k ON k.id = v.key_id
    WHERE k.name = ANY(%s) ORDER BY k.name, v.number
"""
ADD_KEY = """
    INSERT INTO vault_key (name, note, internal, created_at) VALUES (%s, %s, TRUE, now())
    ON CONFLICT (name) DO NOTHING
"""
ADD_FIRST = """
    INSERT INTO vault_key_version (key_id, number, state, kms, reference, wrapped, created_at)
    SELECT id, 1, 'active', %s, %s, %s, now() FROM vault_key WHERE name = %s
    ON CONFLICT DO NOTHING
"""


def read(names: Iterable[str]) -> tuple[dict[str, Wrapped], dict[str, Wrapped]]:
    """The active version of each name, and all versions by their id. Raises TechniqueError for an unknown name."""
    asked = sorted(set(names))
    with connection.cursor() as cursor:
        cursor.execute(READ, [asked])
        rows = cursor.fetchall()
    active, every = {}, {}
    for name, number, kms, reference, wrapped, in_use in rows:
        kept = Wrapped(name, number, kms, reference, bytes(wrapped))
        every[kept.id] = kept
        if in_use:
            active[name] = kept
    if unknown := [name for name in asked if name not in active]:
        raise TechniqueError(
            f"The vault has no key {', '.join(unknown)}.",
            "Create it under Anonymization, Keys, or with `manage.py vault create`.",
        )
    return active, every


def internal(name: str, *, note: str) -> Wrapped:
    """The active version of a key of the vault's own, made when it is first needed. Raises KmsError."""
    try:
        return read([name])[0][name]
    except TechniqueError:
        first = fresh(name, 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ADD_KEY, [name, note])
        cursor.execute(ADD_FIRST, [first.kms, first.reference, first.wrapped, name])
    return read([name])[0][name]
