"""From evidence to a verdict. Name and values are two witnesses; both are kept, either may carry a finding alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

import pyarrow as pa

from catalog.classification.addresses import judge_addresses
from catalog.classification.calibration import calibrate, voice_of
from catalog.classification.closed_sets import are_flags, judge_closed_sets
from catalog.classification.dates import are_times, are_years, judge_dates
from catalog.classification.entities import judge_text
from catalog.classification.free_text import is_free_text, judge_contained, judge_free_text
from catalog.classification.identifiers import judge_identifiers
from catalog.classification.names import is_telling, judge_name
from catalog.classification.patterns import judge_patterns
from catalog.classification.people import judge_people, supports_name
from catalog.classification.phones import judge_phones
from catalog.classification.sample import Sample, take
from catalog.classification.verdict import Evidence, Finding, Verdict
from catalog.classification.vetoes import judge_against
from catalog.classification.vocabulary import within

LEAST = 0.2  # confidence below which nothing is found
MOST_CERTAIN = 0.99
FREE_TEXT = 0.3  # share of sentences from which entities are looked for
# A witness for one of a group speaks, less loudly, for the others: a fax number has the form of a phone number.
_KIN = (
    frozenset({"name.full", "name.given", "name.middle", "name.family"}),
    frozenset({"contact.phone", "contact.fax"}),
    frozenset({"contact.address", "contact.address.street"}),
    frozenset({"id.national", "id.tax", "health.record", "id.passport"}),
    frozenset({"id.customer", "id.account", "id.pseudonym", "id.device", "id.cookie", "id"}),
)
_KINSHIP = 0.7
_NUMERIC = frozenset({"integer", "decimal", "float", "boolean", "date", "timestamp", "time"})
_VALUE_JUDGES: tuple[Callable[[Sample], list[Evidence]], ...] = (
    judge_patterns,
    judge_addresses,
    judge_people,
    judge_closed_sets,
    judge_dates,
    judge_free_text,
)


@dataclass(frozen=True, slots=True)
class Hearing:
    """All that was said about one column, before it is weighed."""

    column: str
    kind: str
    sample: Sample
    evidence: tuple[Evidence, ...]
    contained: tuple[Evidence, ...] = ()
    named: frozenset[str] = frozenset()  # categories the name speaks for
    telling_name: bool = False
    unique: bool = False


def classify(
    column: str,
    *,
    table: str,
    kind: str,
    values: pa.Array | pa.ChunkedArray,
    unique: bool = False,
    use_names: bool = True,
    use_entities: bool = True,
    regions: Sequence[str] = (),
) -> Verdict:
    """Judge one column by its name and a sample of its values.

    `kind` is a `catalog.connectors.base.Kind`; `values` may be empty, then the name is judged alone; `regions` are
    ISO codes whose telephone numbers occur without a country code. With `use_names` off the name says nothing;
    with `use_entities` off no language model is loaded. The same input always gives the same verdict.
    Where the other columns of the table are at hand, `neighbours.classify_table` knows more.
    """
    return decide(
        hear(
            column,
            table=table,
            kind=kind,
            values=values,
            unique=unique,
            use_names=use_names,
            use_entities=use_entities,
            regions=regions,
        )
    )


def hear(
    column: str,
    *,
    table: str,
    kind: str,
    values: pa.Array | pa.ChunkedArray,
    unique: bool = False,
    use_names: bool = True,
    use_entities: bool = True,
    regions: Sequence[str] = (),
) -> Hearing:
    """What the name and the values of a column say; the same arguments as `classify`."""
    sample = take(values)
    evidence = judge_name(column, table=table) if use_names else []
    named = frozenset(item.category for item in evidence)
    if sample.values:
        for judge in _VALUE_JUDGES:
            evidence += judge(sample)
        evidence += judge_identifiers(sample, named=named)
        evidence += judge_phones(sample, regions=regions)
        evidence += _second_opinions(evidence, sample)
        evidence += judge_against({item.category for item in evidence}, sample)
    return Hearing(
        column=column,
        kind=kind,
        sample=sample,
        evidence=tuple(evidence),
        contained=tuple(_contained(evidence, sample, use_entities=use_entities)),
        named=named,
        telling_name=use_names and is_telling(column),
        unique=unique,
    )


def decide(heard: Hearing) -> Verdict:
    """Weigh what was heard: the findings with their confidence, and what the values contain."""
    operational = _operational(
        heard.evidence, heard.sample, kind=heard.kind, named=heard.named, unique=heard.unique
    )
    findings = _findings((*heard.evidence, *operational), telling_name=heard.telling_name)
    return Verdict(findings, _contains(heard.contained, findings), heard.contained)


def _second_opinions(evidence: Iterable[Evidence], sample: Sample) -> list[Evidence]:
    """Where only the name speaks for a person's name, ask the dictionaries how many cells know one."""
    named = [item.category for item in evidence if item.origin == "name" and within(item.category, "name")]
    judged = any(item.origin != "name" and within(item.category, "name") for item in evidence)
    if not named or judged or len(sample) < 4:
        return []
    known = supports_name(sample)
    matched = round(known * len(sample))
    detail = f"A known given or family name occurs in {matched} of {len(sample)} distinct values."
    if known >= 0.6:
        weight = round(0.35 + 0.6 * (known - 0.6), 3)
        return [Evidence("values", named[0], detail, weight, sampled=len(sample), matched=matched)]
    return (
        [Evidence("values", named[0], detail, -0.4, sampled=len(sample), matched=matched)]
        if known < 0.1
        else []
    )


def _contained(evidence: list[Evidence], sample: Sample, *, use_entities: bool) -> list[Evidence]:
    contained = judge_contained(sample)
    if use_entities and is_free_text(sample) >= FREE_TEXT:
        contained += judge_text(sample.values)
    whole = {item.category for item in evidence if item.weight >= 0.4 and item.origin != "name"}
    return [item for item in contained if item.category not in whole]


def _operational(
    evidence: Sequence[Evidence], sample: Sample, *, kind: str, named: Set[str], unique: bool
) -> list[Evidence]:
    """Flags, years, times, and numbers that no other witness claims: not personal by themselves."""
    personal = [item for item in evidence if item.category != "none.operational" and item.weight > 0]
    against = {item.category for item in evidence if item.weight < 0}
    if all(item.category in against for item in personal) and sample.values:
        for holds, words in (
            (are_flags(sample), "flags"),
            (are_years(sample), "years"),
            (are_times(sample), "times of day"),
        ):
            if holds:
                return [
                    Evidence(
                        "values",
                        "none.operational",
                        f"The values are {words}.",
                        0.6,
                        len(sample),
                        len(sample),
                    )
                ]
    if personal or named or kind not in _NUMERIC:
        return []
    # A key without a telling name may be a person's.
    return [
        Evidence(
            "values",
            "none.operational",
            f"Values of type {kind} without a personal sign.",
            0.3 if unique else 0.5,
        )
    ]


def _findings(evidence: Sequence[Evidence], *, telling_name: bool) -> tuple[Finding, ...]:
    found = []
    for category in sorted({item.category for item in evidence if item.weight > 0}):
        score = weigh(category, evidence)
        if score < LEAST:
            continue
        own = tuple(
            item
            for item in evidence
            if item.category == category or (item.weight > 0 and _support(category, item))
        )
        confidence = calibrate(score, voice_of(category, own, telling_name=telling_name))
        found.append((score, Finding(category, confidence, own)))
    found.sort(key=lambda pair: (-pair[0], pair[1].category))
    return tuple(finding for _, finding in found)


def weigh(category: str, evidence: Sequence[Evidence]) -> float:
    """The raw score: each independent witness leaves a share of the doubt, the strongest objection scales the rest."""
    by_witness: dict[str, float] = {}
    objection = 0.0
    for item in evidence:
        if item.weight < 0:
            if item.category == category:
                objection = min(objection, item.weight)
            continue
        strength = item.weight * _support(category, item)
        witness = item.origin if item.origin in ("name", "neighbours") else "values"
        by_witness[witness] = max(by_witness.get(witness, 0.0), strength)
    doubt = 1.0
    for strength in by_witness.values():
        doubt *= 1 - strength
    return round(min(1 - doubt, MOST_CERTAIN) * (1 + objection), 3)


def _support(category: str, item: Evidence) -> float:
    if item.category == category:
        return 1.0
    if any(category in group and item.category in group for group in _KIN):
        return _KINSHIP
    return 0.0


def _contains(contained: Iterable[Evidence], findings: Sequence[Finding]) -> tuple[str, ...]:
    best = findings[0].category if findings and findings[0].confidence >= 0.5 else ""
    return tuple(sorted({item.category for item in contained if item.category != best}))
