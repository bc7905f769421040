"""Works as plain data, and the staging of their parts in an executor."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path

import orjson
import pyarrow as pa
from django.db import connections

from catalog.connectors.base import ConnectorError
from retention.anonymization import secrets_for
from retention.anonymization.processing import process
from retention.anonymization.rules import RuleSet
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.working import Part, Work


def plain(work: Work) -> bytes:
    """The work as JSON, without its secrets. Raises TechniqueError for keys that could only travel in the clear."""
    if work.keys is not None and not hasattr(work.keys, "as_json"):
        raise TechniqueError("These keys cannot go to another process.", "Use keys of the key ring.")
    return orjson.dumps(
        {
            "run": work.run,
            "rules": work.rules.as_json(),
            "schema": base64.b64encode(work.schema.serialize().to_pybytes()).decode(),
            "source": dict(work.source),
            "data_set": work.data_set,
            "parts": [part.as_json() for part in work.parts],
            "staging": str(work.staging),
            "watched": work.watched,
            "keys": work.keys.as_json() if work.keys is not None else {},
            "category": getattr(work.tokens, "category", ""),
        }
    )


def stage(work: bytes, number: int) -> str:
    """Stage one part; the problem that trying again would not solve, or an empty text."""
    try:
        opened = _opened(work)
        part = opened.parts[number]
        if opened.receipt(part) is None:  # another attempt may have done it
            for _ in process(opened, part):
                pass
    except (TechniqueError, ConnectorError) as problem:
        return str(problem)
    finally:
        connections.close_all()
    return ""


@lru_cache(maxsize=2)
def _opened(text: bytes) -> Work:
    """Once for all parts that a Python worker of Spark gets: keys are opened and rules compiled only then."""
    found = orjson.loads(text)
    return Work(
        run=found["run"],
        rules=RuleSet.from_json(found["rules"]),
        schema=pa.ipc.read_schema(pa.BufferReader(base64.b64decode(found["schema"]))),
        source=found["source"],
        data_set=found["data_set"],
        parts=tuple(Part(**part) for part in found["parts"]),
        staging=Path(found["staging"]),
        watched=tuple(found["watched"]),
        hash_key=secrets_for.hash_key(),
        keys=secrets_for.opened(found["keys"]),
        tokens=secrets_for.tokens(category=found["category"]),
    )
