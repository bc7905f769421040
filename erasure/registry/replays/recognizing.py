"""Who of the registry stands in a copy: key columns streamed in batches, hashed, and looked up many at once.

The registry keeps hashes, so every value of a column that may hold a registered kind of identifier is hashed: whole, at
a path of a JSON document, or as words of a text, wherever a search would look for it. The values that are found are the
identifiers from which the search goes on.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import Connector, ConnectorError
from catalog.connectors.inside import WORD, steps, values_at
from catalog.connectors.matching import as_text
from catalog.models import DataSet
from erasure.estate import Estate
from erasure.registry.checking import Mask, shortened
from erasure.registry.models import Registration
from erasure.seeds import places
from governance.console.jobs import Progress
from governance.keyring.lookups import lookup_of

BATCH_ROWS = 50_000
ASKED_AT_ONCE = 5_000
WORDS_TOGETHER = 5  # in a text: telephone numbers are written in as many groups
TOKEN = re.compile(rf"[{WORD}@.-]+")
EDGES = "@.-"


@dataclass(frozen=True)
class Person:
    """Somebody of the registry, by the reference of the request under which they are registered."""

    reference: str
    since: datetime  # of the last of their registrations
    identifiers: dict[str, list[str]]


@dataclass
class Recognition:
    """What was read, and who was recognized; `unsearched` could not be read."""

    rows: int = 0
    persons: list[Person] = field(default_factory=list)
    unsearched: list[dict[str, str]] = field(default_factory=list)
    met: dict[tuple[str, bytes], str] = field(default_factory=dict)  # whose hash begins like one registered


Way = tuple[str, bool]  # a path in JSON, or whether inside a text


def recognize(estate: Estate, recognition: Recognition) -> Iterator[Progress]:
    """Read every data set that may hold a registered identifier, once; afterwards `recognition.persons` is complete.

    Raises ConnectorError if the copy does not answer at all.
    """
    known = _known()
    for number, (pk, data_set) in enumerate(estate.data_sets.items(), 1):
        looked_at = _ways(estate, pk, known)
        if looked_at and not data_set.problem:
            connector = estate.connections.to(data_set.system)
            try:
                for rows in _read(connector, data_set, looked_at, known, recognition):
                    yield Progress(number - 1, len(estate.data_sets), f"{data_set.name}: {rows:,} rows read")
            except ConnectorError as problem:
                connector.check()  # raises if it is the whole copy that does not answer
                recognition.unsearched.append({"data_set": str(data_set), "problem": str(problem)})
        yield Progress(number, len(estate.data_sets), f"{recognition.rows:,} rows read")
    recognition.persons = _persons(recognition.met)


def _known() -> dict[str, np.ndarray]:
    """By category, the beginnings of the hashes of everybody erased, sorted."""
    packed: dict[str, list[bytes]] = defaultdict(list)
    erased = Registration.objects.filter(effect=Registration.Effect.ERASED, lifted_at=None).order_by()
    for category, lookup in erased.values_list("category", "lookup").iterator(chunk_size=50_000):
        packed[category].append(bytes(lookup))
    return {category: np.sort(shortened(b"".join(hashes))) for category, hashes in packed.items()}


def _ways(estate: Estate, pk: int, known: dict[str, np.ndarray]) -> dict[str, dict[Way, set[str]]]:
    """Of each column to be read: how it is looked at, for which categories."""
    found: dict[str, dict[Way, set[str]]] = {}
    for column in estate.columns[pk]:
        for category in known:
            for _, path, inside in places(estate, column, category):
                found.setdefault(column.name, {}).setdefault((path, inside), set()).add(category)
    return found


def _read(
    connector: Connector,
    data_set: DataSet,
    looked_at: dict[str, dict[Way, set[str]]],
    known: dict[str, np.ndarray],
    recognition: Recognition,
) -> Iterator[int]:
    rows = 0
    for batch in connector.read(data_set.name, columns=list(looked_at), batch_rows=BATCH_ROWS):
        for name, ways in looked_at.items():
            texts = as_text(batch.column(name))
            for (path, inside), categories in ways.items():
                _look_up(_values(texts, path, inside=inside), categories, known, recognition)
        rows += batch.num_rows
        recognition.rows += batch.num_rows
        yield rows


def _look_up(
    values: pa.Array, categories: set[str], known: dict[str, np.ndarray], recognition: Recognition
) -> None:
    prefixes = tuple(sorted(categories))
    mask = Mask("", "keep", np.unique(np.concatenate([known[category] for category in prefixes])), prefixes)
    for value in pc.unique(values.filter(mask.registered(values))).to_pylist():
        for category in prefixes:
            recognition.met.setdefault((category, lookup_of(category, value)), value)


def _values(texts: pa.Array, path: str, *, inside: bool) -> pa.Array:
    """What is hashed of a column's values."""
    if not path and not inside:
        return texts
    found = _at_path if path else _words
    distinct = pc.unique(texts.drop_null()).to_pylist()
    return pa.array([value for text in distinct for value in found(text, path)], pa.string())


def _at_path(text: str, path: str) -> Iterator[str]:
    try:
        document = json.loads(text)
    except ValueError:
        return
    for value in values_at(document, steps(path)):
        yield json.dumps(value) if isinstance(value, (bool, float)) else str(value)


def _words(text: str, _: str) -> Iterator[str]:
    """Every run of up to WORDS_TOGETHER words, as they stand in the text."""
    spans = []
    for match in TOKEN.finditer(text):
        word = match[0]
        start = match.start() + len(word) - len(word.lstrip(EDGES))
        end = match.end() - len(word) + len(word.rstrip(EDGES))
        if start < end:
            spans.append((start, end))
    for first, (begins, _end) in enumerate(spans):
        for _start, ends in spans[first : first + WORDS_TOGETHER]:
            yield text[begins:ends]


def _persons(met: dict[tuple[str, bytes], str]) -> list[Person]:
    """Whose hash it is indeed, in whole; by request, since one has several identifiers."""
    identifiers: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    since: dict[str, datetime] = {}
    keys = list(met)
    for start in range(0, len(keys), ASKED_AT_ONCE):
        asked = [lookup for _, lookup in keys[start : start + ASKED_AT_ONCE]]
        rows = Registration.objects.filter(
            effect=Registration.Effect.ERASED, lifted_at=None, lookup__in=asked
        )
        for row in rows.order_by("pk"):
            value = met.get((row.category, bytes(row.lookup)))
            if value is not None and value not in identifiers[row.request][row.category]:
                identifiers[row.request][row.category].append(value)
                since[row.request] = max(since.get(row.request, row.since), row.since)
    return [
        Person(reference, since[reference], dict(identifiers[reference]))
        for reference in sorted(identifiers)
        if reference in since
    ]
