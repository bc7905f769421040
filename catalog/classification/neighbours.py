"""Evidence from the other columns of a table: `first` beside `last`, a street beside its town.

A first pass hears every column for itself; what it is sure of then speaks, as evidence of origin "neighbours", for
and against what it was unsure of. A neighbour alone never makes a finding: it strengthens or weakens one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from catalog.classification.people import lean_to_people
from catalog.classification.scoring import Hearing, decide, hear
from catalog.classification.tokens import plain_words
from catalog.classification.verdict import Evidence, Finding, Verdict
from catalog.classification.vocabulary import within

SURE = 0.6  # confidence from which a column speaks for its neighbours
NO_VALUES = pa.array([], pa.string())
_PLACE = frozenset(
    {
        "contact.address.city",
        "contact.address.postal_code",
        "contact.address.region",
        "contact.address.country",
    }
)
# Only these say that a row is a person: an address or a telephone number may be a shop's.
_ABOUT_PEOPLE = frozenset(
    {
        "name.given",
        "name.family",
        "demographic.birth_date",
        "demographic.gender",
        "demographic.marital_status",
        "demographic.nationality",
        "id.national",
        "id.passport",
        "id.employee",
        "health.record",
    }
)
_HOUSE = re.compile(r"\b(house|building|street) number\b|^house$")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column as a store describes and samples it; the fields mean what they mean to `classify`."""

    name: str
    kind: str = "text"
    values: pa.Array | pa.ChunkedArray = field(default_factory=lambda: NO_VALUES)
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Company:
    """What the rest of the table is known to hold."""

    sure: frozenset[str]
    beside: frozenset[str]  # the columns just before and after
    house_number: bool

    def has(self, *categories: str) -> bool:
        return any(within(one, category) for one in self.sure for category in categories)


@dataclass(frozen=True, slots=True)
class Rule:
    """Beside `beside` (any of it), a column that may be `category` is so by `weight` (below 0: is not)."""

    category: str
    beside: frozenset[str]
    weight: float
    detail: str
    instead_of: str = ""  # the category whose evidence it re-reads: a `name` beside a surname is a given name


# category | beside any of | weight | what is said | instead of
_RULES_TEXT = """
name.given | name.family | .7 | Another column holds family names.
name.given | name.family | .75 | Another column holds family names. | name.full
name.family | name.given | .75 | Another column holds given names.
name.middle | name.family | .6 | Another column holds family names.
name.full | PEOPLE | .6 | Other columns of the table are about people.
contact.address.street | contact.address.city contact.address.postal_code | .6 | Other columns hold its town or postal code.
contact.address.city | contact.address.street contact.address.postal_code | .6 | Other columns hold its street or postal code.
contact.address.region | contact.address.city contact.address.postal_code | .6 | Other columns hold its town or postal code.
contact.address.postal_code | contact.address.city contact.address.street | .6 | Other columns hold its town or street.
demographic.birth_date | name.given name.family name.full demographic.gender | .5 | Other columns of the table are about people.
demographic.age | name demographic.gender | .4 | Other columns of the table are about people.
employment.occupation | employment.employer finance.income id.employee | .4 | Other columns are about employment.
"""  # noqa: E501 - one rule a line


def _rule(line: str) -> Rule:
    category, beside, weight, detail, *instead = (part.strip() for part in line.split(" | "))
    known = _ABOUT_PEOPLE if beside == "PEOPLE" else frozenset(beside.split())
    return Rule(category, known, float(weight), detail, *instead)


_RULES = tuple(_rule(line) for line in _RULES_TEXT.strip().splitlines())


def classify_table(
    columns: Sequence[TableColumn],
    *,
    table: str,
    use_names: bool = True,
    use_entities: bool = True,
    regions: Sequence[str] = (),
) -> dict[str, Verdict]:
    """Judge all columns of one table, each by its name and values and then by its neighbours; by column name.

    The options are those of `scoring.classify`. Names are taken to be unique, as they are in a store.
    """
    heard = [
        hear(
            column.name,
            table=table,
            kind=column.kind,
            values=column.values,
            unique=column.unique,
            use_names=use_names,
            use_entities=use_entities,
            regions=regions,
        )
        for column in columns
    ]
    alone = [decide(one) for one in heard]
    sure = [_sure(verdict) for verdict in alone]
    house = [use_names and bool(_HOUSE.search(" ".join(plain_words(one.column)))) for one in heard]
    often, houses = Counter(filter(None, sure)), sum(house)
    all_of_them = frozenset(often)
    verdicts = {}
    for place, (one, verdict) in enumerate(zip(heard, alone, strict=True)):
        company = Company(
            sure=all_of_them - {sure[place]} if often[sure[place]] == 1 else all_of_them,
            beside=frozenset(sure[max(place - 1, 0) : place] + sure[place + 1 : place + 2]),
            house_number=houses > house[place],
        )
        more = tuple(_from_company(one, verdict.findings, company))
        verdicts[one.column] = decide(replace(one, evidence=one.evidence + more)) if more else verdict
    return verdicts


def _sure(verdict: Verdict) -> str:
    best = verdict.best
    return best.category if best and best.confidence >= SURE and not within(best.category, "none") else ""


def _from_company(heard: Hearing, findings: Sequence[Finding], company: Company) -> Iterable[Evidence]:
    suspected = {finding.category for finding in findings}
    if not heard.telling_name and not suspected and _half_a_name(company):
        # Too few known ones to be found alone; just beside its counterpart that is enough.
        for item in lean_to_people(heard.sample):
            if item.category not in company.beside:
                detail = "The column beside it holds the other part of people's names."
                yield item
                yield Evidence("neighbours", item.category, detail, 0.4)
    if heard.telling_name:  # a name that means something else is not talked over
        suspected &= heard.named
    ambiguous = not any(within(one, "name") and one != "name.full" for one in suspected)
    for rule in _RULES:
        target = rule.instead_of or rule.category
        if target not in suspected or not company.has(*rule.beside):
            continue
        if rule.instead_of and not (ambiguous and _one_word(heard)):
            continue
        yield Evidence("neighbours", rule.category, rule.detail, rule.weight)
    if "contact.address.street" in suspected and company.house_number:
        yield Evidence("neighbours", "contact.address.street", "Another column holds house numbers.", 0.7)
    # Towns and counties are named as families are; a table with places and no given names holds no families.
    if (
        "name.family" in suspected - heard.named
        and company.has(*_PLACE)
        and not company.has("name", *_ABOUT_PEOPLE)
    ):
        detail = "The table holds places and nothing else about people."
        yield Evidence("neighbours", "name.family", detail, -0.4)


def _half_a_name(company: Company) -> bool:
    parts = {"name.given", "name.family"}
    return len(company.beside & parts) == 1 == len(company.sure & parts)


def _one_word(heard: Hearing) -> bool:
    cells = heard.sample.words
    return bool(cells) and sum(len(words) <= 2 for words in cells) > 0.8 * len(cells)
