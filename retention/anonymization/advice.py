"""Which technique for which content and use, best first, and why. This is all the advisor knows: one line a fact.

Sources: GDPR Articles 4(5), 9, 25, 32 and Recital 26; Article 29 Working Party, Opinion 05/2014 on anonymisation
techniques (singling out, linkability, inference); EDPB Guidelines 01/2025 on pseudonymisation; ENISA, Pseudonymisation
techniques and best practices (2019); NIST SP 800-188 (2023); PCI DSS 4.0, 3.4 and 3.5; 45 CFR 164.514(b).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retention.anonymization.uses import EVERY


@dataclass(frozen=True)
class Advised:
    technique: str
    why: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def _a(technique: str, why: str, **parameters: Any) -> Advised:
    return Advised(technique, why, parameters)


_DROP = _a("drop", "Nobody can be singled out by a column that is not there.")
_SUPPRESS = _a("suppress", "The column stays for programs that expect it; its values go.")
_JOINS = _a(
    "pseudonym",
    "Equal values stay equal, so counts and joins still work; nobody without the key can go back.",
)
_JOIN_ALL = _a(
    "pseudonym",
    "One domain for the kind of identifier: the same value has the same pseudonym in every system.",
    domain="{category}",
)
_FAKE = _a("substitute", "Tests need values that look real; these are made up, the same for the same input.")
_WORDS = _a(
    "redact_text", "Text stays readable; names, numbers and addresses in it become words for their kind."
)
_YEAR = _a(
    "generalize_date", "The year is enough for trends and cohorts; a whole date singles out.", unit="year"
)
_BAND = _a("generalize_band", "Bands keep the distribution; one exact number may single out.", width=10.0)
_WIDE = _a("generalize_band", "Bands keep the distribution; an exact income singles out.", width=10000.0)
_RANDOM = _a("token", "Random, so not even the holder of a key can guess.", domain="{category}")
_IN_VAULT = _a("token", "Stands for the account; only the vault gives it back.")
_CARD = _a(
    "token",
    "A valid number stands for the card: outside the vault it is out of PCI DSS scope.",
    format="card",
)
_IBAN = _a("token", "A valid IBAN stands for the account; only the vault gives it back.", format="iban")
_NUMBER = _a(
    "token", "A number stays a number, and means nobody outside of the vault.", format="digits", number=True
)
_AREA = _a("generalize_postal", "The first three characters are an area of many people.", kept=3)
_ROUGH = _a("generalize_geo", "One decimal place is about 11 km: a town, no house.", decimals=1)
_SHIFT = _a("date_shift", "Distances between the dates of one person stay; none of them is the true one.")
_NETWORK = _a("mask_ip", "The network tells the region and the provider, not the household.")
_MASK = _a("mask", "Something stands there, and neither content nor length can be read.", hidden=5)
_KEEP_QUASI = _a(
    "keep", "Many people share a value. Measure the risk of the combination before handing it on."
)

# What the technique `substitute` makes for a category; for others there is nothing made up.
SUBSTITUTES = {
    "name.given": "given_name",
    "name.family": "family_name",
    "name": "full_name",
    "contact.email": "email",
    "contact.phone": "phone",
    "contact.address.street": "street",
    "contact.address.city": "city",
    "id.username": "user_name",
    "employment.employer": "company",
}
# Of one person these are made of one identity: the name in the e-mail address is the person's.
OF_ONE_IDENTITY = ("given_name", "family_name", "full_name", "email", "user_name")

# Category (and all below it), use (* is every other), the techniques.
ADVICE: tuple[tuple[str, str, tuple[Advised, ...]], ...] = (
    ("credential", EVERY, (_DROP, _SUPPRESS)),
    ("name", EVERY, (_DROP, _JOINS)),
    ("name", "test_data", (_FAKE, _MASK, _DROP)),
    ("name", "payment", (_MASK, _DROP)),
    ("contact", EVERY, (_DROP, _SUPPRESS)),
    ("contact", "test_data", (_FAKE, _MASK, _DROP)),
    ("contact.email", "analytics", (_JOINS, _a("mask_email", "The domain stays, for counts by provider."), _DROP)),
    ("contact.email", "ml_training", (_JOINS, _DROP)),
    ("contact.email", "cross_system_join", (_JOIN_ALL, _RANDOM)),
    ("contact.email", "payment", (_a("mask_email", "Enough for a receipt."), _DROP)),
    ("contact.phone", "analytics", (_a("mask_phone", "The country stays."), _DROP)),
    ("contact.phone", "cross_system_join", (_JOIN_ALL, _DROP)),
    ("contact.address.city", EVERY, (_DROP, _SUPPRESS)),
    ("contact.address.city", "analytics", (_KEEP_QUASI, _DROP)),
    ("contact.address.city", "ml_training", (_KEEP_QUASI, _DROP)),
    ("contact.address.city", "test_data", (_KEEP_QUASI, _FAKE)),
    ("contact.address.region", EVERY, (_KEEP_QUASI, _DROP)),
    ("contact.address.country", EVERY, (_KEEP_QUASI, _DROP)),
    ("contact.address.postal_code", EVERY, (_AREA, _DROP)),
    ("contact.address.postal_code", "payment", (_DROP,)),
    ("contact.address.postal_code", "cross_system_join", (_DROP,)),
    ("id", EVERY, (_JOINS, _DROP)),
    ("id", "test_data", (_NUMBER, _JOINS, _a("ff1", "Keeps length and digits, so that checks of the form pass."))),
    ("id", "cross_system_join", (_JOIN_ALL, _RANDOM)),
    ("id", "payment", (_JOINS, _DROP)),
    ("id.national", "analytics", (_DROP, _JOINS)),
    ("id.national", "ml_training", (_DROP,)),
    ("id.national", "third_party", (_DROP,)),
    ("id.username", "test_data", (_FAKE, _JOINS)),
    ("online", EVERY, (_DROP, _JOINS)),
    ("online", "analytics", (_JOINS, _DROP)),
    ("online.ip", EVERY, (_NETWORK, _DROP)),
    ("online.ip", "payment", (_DROP,)),
    ("online.url", "analytics", (_DROP,)),
    ("online.user_agent", "analytics", (_KEEP_QUASI, _DROP)),
    ("finance", EVERY, (_DROP, _JOINS)),
    ("finance.card", "payment", (_CARD, _a("mask_card", "PCI DSS 3.4: at most issuer and last four digits show."))),
    ("finance.card", "test_data", (_CARD, _MASK)),
    ("finance.card", "analytics", (_JOINS, _a("mask_card", "The last four digits stay."), _DROP)),
    ("finance.card", "cross_system_join", (_JOIN_ALL, _DROP)),
    ("finance.iban", "payment", (_IBAN, _MASK)),
    ("finance.iban", "test_data", (_IBAN, _JOINS)),
    ("finance.account", "payment", (_IN_VAULT, _MASK)),
    ("finance.income", EVERY, (_WIDE, _DROP)),
    ("finance.income", "ml_training", (_WIDE, _DROP)),
    ("finance.transaction", EVERY, (_KEEP_QUASI, _DROP)),
    ("finance.transaction", "third_party", (_a("generalize_round", "Rounded amounts match no receipt."), _DROP)),
    ("demographic", EVERY, (_DROP, _SUPPRESS)),
    ("demographic", "analytics", (_KEEP_QUASI, _DROP)),
    ("demographic", "ml_training", (_KEEP_QUASI, _DROP)),
    ("demographic", "test_data", (_KEEP_QUASI, _DROP)),
    ("demographic.birth_date", EVERY, (_YEAR, _DROP)),
    ("demographic.birth_date", "test_data", (_SHIFT, _YEAR)),
    ("demographic.birth_date", "payment", (_DROP,)),
    ("demographic.birth_date", "cross_system_join", (_DROP,)),
    ("demographic.age", EVERY, (_BAND, _DROP)),
    ("demographic.age", "payment", (_DROP,)),
    # Article 9: what is not needed for the use is not handed on; a contract says otherwise where it is.
    ("demographic.ethnicity", EVERY, (_DROP, _SUPPRESS)),
    ("demographic.religion", EVERY, (_DROP, _SUPPRESS)),
    ("demographic.politics", EVERY, (_DROP, _SUPPRESS)),
    ("demographic.union", EVERY, (_DROP, _SUPPRESS)),
    ("demographic.orientation", EVERY, (_DROP, _SUPPRESS)),
    ("health", EVERY, (_DROP, _SUPPRESS)),
    ("biometric", EVERY, (_DROP, _SUPPRESS)),
    ("location", EVERY, (_DROP, _SUPPRESS)),
    ("location.coordinates", EVERY, (_ROUGH, _DROP)),
    ("location.coordinates", "payment", (_DROP,)),
    ("employment", EVERY, (_DROP, _SUPPRESS)),
    ("employment", "analytics", (_KEEP_QUASI, _DROP)),
    ("employment", "ml_training", (_KEEP_QUASI, _DROP)),
    ("employment", "test_data", (_KEEP_QUASI, _DROP)),
    ("content", EVERY, (_WORDS, _DROP)),
    ("content", "payment", (_DROP,)),
    ("content", "third_party", (_DROP, _WORDS)),
    ("content", "cross_system_join", (_DROP,)),
    ("none", EVERY, (_a("keep", "It says nothing about a person."),)),
)  # fmt: skip

# The words of contracts, and the technique each means for a content: the first that can treat the column's type.
CONTRACT_WORDS: dict[str, tuple[tuple[str, Advised], ...]] = {
    "drop": (("", _DROP),),
    "redact": (("", _a("redact", "")),),
    "hash": (("", _JOINS),),
    "tokenize": (("", _a("token", "")),),
    "encrypt": (("", _a("encrypt", "")),),
    "keep": (("", _a("keep", "")),),
    "mask": (
        ("contact.email", _a("mask_email", "")),
        ("contact.phone", _a("mask_phone", "")),
        ("finance.card", _a("mask_card", "")),
        ("online.ip", _NETWORK),
        ("", _MASK),
    ),
    "generalize": (
        ("contact.address.postal_code", _AREA),
        ("location", _ROUGH),
        ("online.ip", _NETWORK),
        ("finance.income", _WIDE),
        ("", _BAND),
        ("", _YEAR),
    ),
    "perturb": (("", _SHIFT),),  # noise needs bounds, which only somebody who knows the column can name
}
