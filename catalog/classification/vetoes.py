"""What values say against a name: a column called `email` that holds 0 and 1 holds no e-mail addresses."""

from __future__ import annotations

from catalog.classification.closed_sets import are_flags
from catalog.classification.dates import are_dates, are_times, are_years
from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence
from catalog.classification.vocabulary import within

FEWEST = 3  # distinct values before they may contradict a name (flags have two)
STRONG = -0.85

_LETTERS = (
    "name",
    "contact.email",
    "contact.address.street",
    "contact.address.city",
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


def judge_against(categories: set[str], sample: Sample) -> list[Evidence]:
    """Evidence of negative weight for each of `categories` that the values cannot be of."""
    if not sample.cells:
        return []
    reasons = [
        (are_flags(sample), _except(categories, _FLAG_FACTS), "The values are flags such as 0 and 1."),
        (are_years(sample), _except(categories, _YEAR_FACTS), "The values are years."),
        (are_times(sample), _except(categories, ("none",)), "The values are times of day."),
    ]
    if len(sample) >= FEWEST:
        dated = _except(categories, ("demographic.birth_date", "none", "content", "finance", "health", "id"))
        reasons += [
            (are_dates(sample), dated, "The values are dates."),
            (sample.with_letters < 0.1, _only(categories, _LETTERS), "The values have no letters."),
            (sample.with_digits < 0.1, _only(categories, _DIGITS), "The values have no digits."),
            ("@" not in sample.characters, _only(categories, ("contact.email",)), "No value has an @."),
        ]
    return [
        Evidence("values", category, reason, STRONG, sampled=len(sample))
        for holds, concerned, reason in reasons
        if holds
        for category in sorted(concerned)
    ]


def _only(categories: set[str], roots: tuple[str, ...]) -> set[str]:
    return {category for category in categories if any(within(category, root) for root in roots)}


def _except(categories: set[str], roots: tuple[str, ...]) -> set[str]:
    return categories - _only(categories, roots)
