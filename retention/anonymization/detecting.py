"""The step "detect": text that would pass as it is, is looked into; where persons are mentioned it is redacted.

Only columns that are to be kept and that nobody vouched for: what a contract or a reviewer declares to be free text,
and wants kept, is their decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from catalog.classification.entities import judge_text
from catalog.classification.free_text import is_free_text, judge_contained
from catalog.classification.sample import take
from catalog.classification.scoring import FREE_TEXT
from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from governance.console.jobs import Progress
from retention.anonymization.models import Run
from retention.anonymization.rules import KEEP, Rule, RuleSet
from retention.anonymization.sources import Source

SAMPLE_ROWS = 1_000


@dataclass(frozen=True)
class Mention:
    """What texts of a column hold: a category, how many texts of how many; never a value."""

    column: str
    category: str
    texts: int
    of: int

    def __str__(self) -> str:
        return f"{CATEGORIES[self.category].title} in {self.texts} of {self.of} texts"


def detect(run: Run, source: Source) -> Iterator[Progress]:
    """Look into a sample of the text columns that would be kept, and redact those that mention persons."""
    columns = suspicious(run, source.schema)
    if not columns:
        return
    yield Progress(0, None, f"Looking into the text of {', '.join(columns)[:200]}")
    sample = source.connector.sample(source.data_sets[0], rows=SAMPLE_ROWS)
    found = {name: mentions(name, sample.column(name)) for name in columns}
    told = {name: each for name, each in found.items() if each}
    if told:
        run.set_rules(
            RuleSet(
                tuple(_redacted(rule, told.get(rule.column, ())) for rule in run.rule_set.rules),
                run.rule_set.use,
                run.rule_set.person,
            )
        )
        run.save(update_fields=["rules", "fingerprint"])
        yield Progress(0, None, f"Text with personal data is redacted: {', '.join(told)[:200]}")


def suspicious(run: Run, schema: pa.Schema) -> list[str]:
    """The text columns that are kept, and that nobody declared to be personal and wanted kept all the same."""
    kept = {rule.column for rule in run.rule_set.rules if rule.technique == KEEP}
    declared = {name for name, known in run.columns.items() if vouched(known)}
    return [c.name for c in schema if c.name in kept - declared and pa.types.is_string(c.type)]


def vouched(known: Mapping[str, str]) -> bool:
    """Whether a contract or a reviewer declared a column to be personal: who keeps it then does so on purpose."""
    return known.get("sensitivity") not in (None, "", "none") and known.get("known_by") in (
        "contract",
        "review",
    )


def mentions(
    column: str, values: pa.Array | pa.ChunkedArray, *, least_text: float = FREE_TEXT
) -> list[Mention]:
    """What tells of persons inside the texts of a column; nothing where too few of its values are text at all."""
    sample = take(values)
    evidence = judge_contained(sample)
    if is_free_text(sample) >= least_text:
        evidence += judge_text(sample.values)
    best: dict[str, Mention] = {}
    for item in evidence:
        mention = Mention(column, item.category, item.matched, item.sampled)
        if CATEGORIES[item.category].sensitivity is not Sensitivity.NONE:
            best[item.category] = max(best.get(item.category, mention), mention, key=lambda each: each.texts)
    return list(best.values())


def _redacted(rule: Rule, found: Sequence[Mention]) -> Rule:
    if not found:
        return rule
    return Rule(rule.column, "redact_text", {}, f"Found in a sample: {'; '.join(map(str, found))}.")


def count_emails(values: pa.Array | pa.ChunkedArray) -> int:
    """How many texts hold what has the form of an e-mail address: the one sign that is looked for in every row."""
    return pc.sum(pc.match_substring_regex(values, r"[\w.+-]+@[\w-]+\.[\w.-]*[A-Za-z]")).as_py() or 0
