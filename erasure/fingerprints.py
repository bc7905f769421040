"""Digests that say: this is what was approved, and the store still looks as it did then."""

import hashlib
from collections.abc import Iterable

import orjson

from catalog.connectors.base import DataSetInfo
from catalog.models import System
from erasure.models import Plan, Step


def fingerprint_of(plan: Plan, steps: Iterable[Step]) -> str:
    """SHA-256 over everything that will be done: data sets, rows by key or age, methods, values, structure, measures.

    What came of a step stands in its facts under `outcome`, and is no part of what was approved.
    """
    content = {
        "request": plan.request.reference if plan.request else plan.title,
        "plan": plan.number,
        "steps": [
            {
                "position": step.position,
                "data_set": step.data_set_id,
                "name": step.data_set.name if step.data_set else "",
                "target": step.target,
                "method": step.method,
                "facts": {name: said for name, said in step.facts.items() if name != "outcome"},
                "condition": step.condition,
                "sealed": hashlib.sha256(bytes(step.sealed)).hexdigest() if step.sealed else "",
                "replacements": step.replacements,
                "rows": step.rows_before,
                "keys": step.keys_digest,
                "schema": step.schema_digest,
                "hold": step.hold_id,
            }
            for step in steps
        ],
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def schema_digest(info: DataSetInfo | None, system: System) -> str:
    """SHA-256 over column names, types, nullability and lengths, and the primary key; empty if it is gone.

    Over the settings of the system too, without its secrets: the same tables somewhere else are not what was approved.
    """
    if info is None:
        return ""
    content = [
        list(info.primary_key),
        [[c.name, c.data_type, c.nullable, c.max_length, c.unique, c.generated] for c in info.columns],
        [system.kind, system.settings],
    ]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
