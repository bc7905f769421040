"""What values say against a name: a column called `email` that holds 0 and 1 holds no e-mail addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from catalog.classification.addresses import is_street
from catalog.classification.closed_sets import are_flags
from catalog.classification.dates import OLDEST, are_dates, are_times, are_years
from catalog.classification.people import organizations
from catalog.classification.sample import Sample, share
from catalog.classification.verdict import Evidence
from catalog.classification.vocabulary import within

FEWEST = 3  # distinct values before they may contradict a name (flags have two)
STRONG = -0.85

_LETTERS = (
    "name",
    "contact.email",
    "contact.address.street",
    "contact.address.city",
    "contact.address.region",
    "contact.address.country",
    "employment.occupation",
    "employment.employer",
    "online.url",
    "online.user_agent",
    "content",
)
_DIGITS = (
    "contact.phone",
    "contact.fax",
    "contact.address.postal_code",
    "online.ip",
    "finance.card",
    "finance.iban",
    "demographic.birth_date",
    "demographic.age",
    "location.coordinates",
    "id.national",
    "id.passport",
)
# Facts about a person that a yes or no can state: a flag does not speak against them.
_FLAG_FACTS = ("health", "demographic", "biometric", "none", "id.pseudonym")
_YEAR_FACTS = (
    "demographic.birth_date",
    "demographic.age",
    "contact.address.postal_code",
    "none",
    "id",
    "health",
    "finance",
)


# A date may be personal in these; elsewhere it contradicts the name.
_DATE_FACTS = ("demographic.birth_date", "none", "content", "finance", "health", "id")
_NAMES = ("name", "id.username", "employment.occupation")
# Facts that have a handful of values, coded or not.
_CHOICES = (
    "demographic.gender",
    "demographic.ethnicity",
    "demographic.marital_status",
    "demographic.religion",
    "demographic.orientation",
    "demographic.union",
    "demographic.language",
    "demographic.nationality",
)
_SENTENCE = 4  # words from which a cell may be more than a label


@dataclass(frozen=True, slots=True)
class Objection:
    """What values may be, and the categories (all but `exempt`, or `only` some) that they then cannot be of."""

    holds: Callable[[Sample], bool]
    reason: str
    only: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    weight: float = STRONG
    fewest: int = FEWEST

    def concerned(self, categories: set[str]) -> set[str]:
        if self.only:
            return {one for one in categories if _within_any(one, self.only)}
        return {one for one in categories if not _within_any(one, self.exempt)}


def _too_short_for_phones(sample: Sample) -> bool:
    return share(sum(map(str.isdecimal, value)) < 6 for value in sample.cells) > 0.7


def _many_numbers(sample: Sample) -> bool:
    return len(sample) > 12 and sample.with_letters < 0.1


def _web_addresses(sample: Sample) -> bool:
    return "/" in sample.characters and share("://" in value for value in sample.cells) > 0.2


def _organizations(sample: Sample) -> bool:
    return organizations(sample) > 0.4


def _mails(sample: Sample) -> bool:
    return "@" in sample.characters and share("@" in value for value in sample.cells) >= 0.5


def _labels(sample: Sample) -> bool:
    """Few and short values: the words of a list to choose from, not text that somebody wrote."""
    return len(sample) <= 40 and share(value.count(" ") >= _SENTENCE - 1 for value in sample.values) < 0.3


def _no_streets(sample: Sample) -> bool:
    return sample.with_digits < 0.3 and share(map(is_street, sample.cells[:200])) < 0.1


def _too_old(sample: Sample) -> bool:
    numbers = [float(value) for value in sample.cells if value.replace(".", "", 1).isdecimal()]
    return len(numbers) > len(sample) / 2 and max(numbers) > OLDEST


_OBJECTIONS = (
    Objection(are_flags, "The values are flags such as 0 and 1.", exempt=_FLAG_FACTS, fewest=1),
    Objection(are_years, "The values are years.", exempt=_YEAR_FACTS, fewest=1),
    Objection(are_times, "The values are times of day.", exempt=("none",), fewest=1),
    Objection(are_dates, "The values are dates.", exempt=_DATE_FACTS),
    Objection(lambda sample: sample.with_letters < 0.1, "The values have no letters.", only=_LETTERS),
    Objection(lambda sample: sample.with_digits < 0.1, "The values have no digits.", only=_DIGITS),
    Objection(lambda sample: "@" not in sample.characters, "No value has an @.", only=("contact.email",)),
    Objection(
        _mails,
        "The values are e-mail addresses.",
        exempt=("contact.email", "contact.social", "content", "none"),
        fewest=1,
    ),
    Objection(
        _too_short_for_phones, "Most values have too few digits.", only=("contact.phone", "contact.fax")
    ),
    Objection(_many_numbers, "The values are many different numbers.", only=_CHOICES),
    Objection(_web_addresses, "Many values are web addresses.", only=_NAMES, weight=-0.6),
    Objection(_organizations, "Many values name organizations.", only=("name",), weight=-0.6),
    Objection(_labels, "The values are short and few.", only=("content.free_text",), weight=-0.5),
    Objection(_no_streets, "No value reads as a street.", only=("contact.address.street",), weight=-0.5),
    Objection(_too_old, "Some values are more than people live.", only=("demographic.age",)),
)


def judge_against(categories: set[str], sample: Sample) -> list[Evidence]:
    """Evidence of negative weight for each of `categories` that the values cannot be of."""
    if not sample.cells:
        return []
    found: list[Evidence] = []
    for objection in _OBJECTIONS:
        concerned = objection.concerned(categories) if len(sample) >= objection.fewest else set()
        if concerned and objection.holds(sample):
            found += [
                Evidence("values", category, objection.reason, objection.weight, sampled=len(sample))
                for category in sorted(concerned)
            ]
    return found


def _within_any(category: str, roots: tuple[str, ...]) -> bool:
    return any(within(category, root) for root in roots)
