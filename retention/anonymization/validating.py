"""The output is scanned again before anybody gets it: what was promised is checked on what would be delivered.

A check says which column, what was found and how often, never a value. One leak refuses the whole delivery.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.classification.neighbours import TableColumn, classify_table
from catalog.classification.scoring import FREE_TEXT
from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.connectors.parquet_layout import kind_of
from governance.console.jobs import Progress
from retention.anonymization.detecting import count_emails, mentions, vouched
from retention.anonymization.models import Run
from retention.anonymization.rules import KEEP
from retention.anonymization.value_hashes import HashWriter, count_common, files_of
from retention.anonymization.working import Part, Work, lifelike

BATCH_ROWS = 50_000
SAMPLE_ROWS = 2_000
MOST_KEPT = 64  # batches that a sample is made of
PASSED, NOTED, LEAK = "passed", "noted", "leak"
NEVER = 2.0  # a share that no column reaches
BY_CHANCE = 0.05  # of the cells: more came out as they were than chance makes
TEXT = frozenset({KEEP, "redact_text"})
SURE, CERTAIN = 0.5, 0.8
# Forms with a check digit, or that nothing else has: a kept column that is of one is no coincidence.
TELLING = frozenset({"contact.email", "finance.iban", "finance.card", "id.national"})


class Leaked(Exception):
    """Validation refused the output; the message names columns, what was found and how often."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `column` is empty where it is about all of them."""

    check: str
    column: str
    result: str
    found: str
    count: int = 0


@dataclass
class Scan:
    """What one pass over the output has counted."""

    rows: int
    nulls: Counter[str]
    emails: Counter[str]
    sample: pa.Table


# More to check, from other apps: each is called with the run, its work and the scan (`k` of quasi-identifiers, say).
MORE: list[Callable[[Run, Work, Scan], Sequence[Check]]] = []


def validate(run: Run, work: Work) -> Iterator[Progress]:
    """Scan all staged rows and keep the result with the run. Raises Leaked."""
    scan = Scan(0, Counter(), Counter(), work.compiled.output_schema.empty_table())
    checks: list[Check] = []
    for _ in _scanned(work, scan, checks):
        yield Progress(scan.rows, run.plan["rows"], "Validating")
    checks += [
        *_counts(work, scan),
        *_identifiers(work, scan),
        *_looks(run, work, scan),
        *_texts(run, work, scan),
    ]
    yield Progress(scan.rows, scan.rows, "Validating")
    for more in MORE:
        checks += more(run, work, scan)
    leaks = [check for check in checks if check.result == LEAK]
    run.record_count = scan.rows
    run.validation = {"passed": not leaks, "checks": [asdict(check) for check in checks]}
    run.save(update_fields=["record_count", "validation"])
    if leaks:
        said = "; ".join(f"{leak.column or 'the output'}: {leak.found}" for leak in leaks[:10])
        raise Leaked(f"Validation found a leak, and nothing was delivered. {said}.")


def _scanned(work: Work, scan: Scan, checks: list[Check]) -> Iterator[None]:
    """Read every staged row once: types, nulls, hashes of the watched columns, addresses in text, and a sample."""
    expected = work.compiled.output_schema
    texts = [
        rule.column
        for rule in work.rules.rules
        if rule.technique in TEXT
        and rule.column in expected.names
        and pa.types.is_string(expected.field(rule.column).type)
    ]
    sample = Sample()
    for part in work.parts:
        with pq.ParquetFile(work.staged(part)) as file:
            if not file.schema_arrow.equals(expected):
                checks.append(
                    Check("types", "", LEAK, "a part has other columns or types than the rules promise")
                )
                return
            writers = _writers(work, part)
            for batch in file.iter_batches(BATCH_ROWS):
                scan.rows += len(batch)
                scan.nulls.update({name: batch.column(name).null_count for name in expected.names})
                scan.emails.update({name: count_emails(batch.column(name)) for name in texts})
                for name, writer in writers.items():
                    writer.add(batch.column(name))
                sample.add(batch)
                yield
            for writer in writers.values():
                writer.close()
    scan.sample = sample.table(expected)
    checks.append(Check("types", "", PASSED, "every column has the type that its rule promises"))


def _counts(work: Work, scan: Scan) -> Iterator[Check]:
    receipts = [receipt for part in work.parts if (receipt := work.receipt(part))]
    rows = sum(receipt.rows for receipt in receipts)
    known = [part.rows for part in work.parts]
    given = sum(many for many in known if many is not None) if None not in known else rows
    same = len(receipts) == len(work.parts) and rows == scan.rows == given
    yield Check(
        "rows",
        "",
        PASSED if same else LEAK,
        f"{scan.rows:,} of {given:,} rows came out",
        abs(given - scan.rows),
    )
    filled: Counter[str] = Counter()
    for receipt in receipts:
        filled.update(receipt.filled)
    for name, many in filled.items():
        if many:
            yield Check("nulls", name, LEAK, f"{many:,} empty cells came out with a value", many)
    if not any(filled.values()):
        yield Check("nulls", "", PASSED, "what was empty is empty")


def _identifiers(work: Work, scan: Scan) -> Iterator[Check]:
    """No value of a direct identifier comes out in its column; of made-up ones, no more than chance would have it."""
    receipts = [receipt for part in work.parts if (receipt := work.receipt(part))]
    for name in work.counted:
        returned = sum(receipt.returned.get(name, 0) for receipt in receipts)
        cells = scan.rows - scan.nulls[name]
        leaks = returned > BY_CHANCE * cells and returned > 1
        words = f"{returned:,} of {cells:,} cells came out as they were"
        yield Check("identifiers", name, LEAK if leaks else PASSED, words, returned)
    for place, name in enumerate(work.compared):
        files = [files_of(work.hashes(side), place) for side in ("source", "output")]
        common, distinct = count_common(files[0], files[1])
        # One word for all says nothing of anybody, even where a source had it already.
        leaks = common > 0 and distinct > 1
        words = (
            f"{common:,} of its {distinct:,} values came out of the source"
            if leaks
            else "none of its values came out"
        )
        yield Check("identifiers", name, LEAK if leaks else PASSED, words, common if leaks else 0)


def _looks(run: Run, work: Work, scan: Scan) -> Iterator[Check]:
    """The output classified by its values alone: what still looks like a direct identifier, and should not."""
    columns = [
        TableColumn(field.name, str(kind_of(field.type)), scan.sample.column(field.name).drop_null(), False)
        for field in work.compiled.output_schema
    ]
    verdicts = classify_table(columns, table="", use_names=False, use_entities=False)
    for name, verdict in verdicts.items():
        best, rule = verdict.best, work.rules.of(name)
        if (
            best is None
            or best.sensitivity is not Sensitivity.DIRECT
            or best.confidence < SURE
            or rule is None
        ):
            continue
        words = f"it looks like: {CATEGORIES[best.category].title} ({best.confidence:.0%})"
        known = run.columns.get(name, {})
        if lifelike(rule):
            yield Check("looks", name, NOTED, f"{words}; made up by {rule.technique}")
        elif rule.technique == KEEP and vouched(known):
            yield Check("looks", name, NOTED, f"{words}; kept on purpose")
        elif (
            best.category in TELLING and best.confidence >= CERTAIN and not rule.technique.startswith("mask")
        ):
            yield Check("looks", name, LEAK, words, len(scan.sample))
        else:
            yield Check("looks", name, NOTED, words)


def _texts(run: Run, work: Work, scan: Scan) -> Iterator[Check]:
    """Text that passed, or was redacted: free of what tells of persons."""
    for rule in work.rules.rules:
        field = (
            work.compiled.output_schema.field(rule.column)
            if rule.column in scan.sample.column_names
            else None
        )
        if field is None or rule.technique not in TEXT or not pa.types.is_string(field.type):
            continue
        if rule.technique == KEEP and vouched(run.columns.get(rule.column, {})):
            continue  # kept on purpose, as personal data
        # What a language model makes of text with gaps is a guess; forms with rules of their own are none.
        read = FREE_TEXT if rule.technique == KEEP else NEVER
        found = mentions(rule.column, scan.sample.column(rule.column).drop_null(), least_text=read)
        many = scan.emails[rule.column]
        for mention in found:
            yield Check("text", rule.column, LEAK, str(mention), mention.texts)
        if many and not any(mention.category == "contact.email" for mention in found):
            yield Check("text", rule.column, LEAK, f"E-mail address in {many:,} rows", many)
        if not found and not many:
            yield Check("text", rule.column, PASSED, "no mention of a person was found")


def _writers(work: Work, part: Part) -> dict[str, HashWriter]:
    folder = work.hashes("output")
    return {
        name: HashWriter(folder, f"{place}-{part.number:05}", key=work.hash_key)
        for place, name in enumerate(work.compared)
    }


class Sample:
    """Rows spread over all batches, the same for the same batches; as many however many batches there are."""

    def __init__(self) -> None:
        self.kept: list[pa.RecordBatch] = []
        self.every, self.seen = 1, 0

    def add(self, batch: pa.RecordBatch) -> None:
        if self.seen % self.every == 0 and len(batch):
            step = max(1, len(batch) // 200)
            self.kept.append(batch.take(pa.array(range(0, len(batch), step))))
        self.seen += 1
        if len(self.kept) > MOST_KEPT:
            self.kept, self.every = self.kept[::2], self.every * 2

    def table(self, schema: pa.Schema) -> pa.Table:
        table = pa.Table.from_batches(self.kept, schema)
        step = max(1, len(table) // SAMPLE_ROWS)
        return table if step == 1 else table.take(pa.array(range(0, len(table), step)))
