"""What the tags of producers mean in the catalog's vocabulary. Pure.

A tag says something where its key asks about personal data (`pii: email`, `sensitivity: none`), or is a category
itself (`email: true`). `pii: true` says that it is personal, not what it is: then the column's name decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.classification.names import judge_name
from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.lineage.facets import Tag

CONFIDENCE = 0.9  # somebody of the producer's said so
GUESSED = 0.7  # it is personal, and the name tells what it may be
_KEYS = frozenset(
    [
        "pii",
        "personal",
        "personaldata",
        "privacy",
        "gdpr",
        "sensitivity",
        "sensitive",
        "category",
        "categories",
        "classification",
        "class",
        "datacategory",
        "datacategories",
        "dataclassification",
        "dataclass",
        "piitype",
        "piicategory",
        "infotype",
        "semantictype",
    ]
)
_YES = frozenset({"", "true", "yes", "y", "1", "pii", "personal", "personaldata"})
_NO = frozenset({"false", "no", "n", "0", "none", "nonpii", "notpii", "public", "notpersonal", "nonpersonal"})
_WORDS = {
    "name": "name personname fullname:name.full displayname:name.full firstname:name.given givenname:name.given"
    " middlename:name.middle lastname:name.family surname:name.family familyname:name.family",
    "contact.email": "email emailaddress mail",
    "contact.phone": "phone phonenumber telephone mobile msisdn",
    "contact.address": "address postaladdress streetaddress:contact.address.street street:contact.address.street"
    " city:contact.address.city state:contact.address.region region:contact.address.region"
    " country:contact.address.country zip:contact.address.postal_code zipcode:contact.address.postal_code"
    " postalcode:contact.address.postal_code postcode:contact.address.postal_code",
    "id.national": "ssn socialsecuritynumber nationalid nationalidentity nationalidentifier",
    "id": "passport:id.passport passportnumber:id.passport driverslicense:id.license taxid:id.tax"
    " customerid:id.customer employeeid:id.employee userid:id.account accountid:id.account"
    " username:id.username deviceid:id.device"
    " cookie:id.cookie cookieid:id.cookie sessionid:id.cookie pseudonym:id.pseudonym pseudonymous:id.pseudonym"
    " hash:id.pseudonym hashed:id.pseudonym token:id.pseudonym identifier:id",
    "online": "ip:online.ip ipaddress:online.ip mac:online.mac macaddress:online.mac useragent:online.user_agent",
    "finance": "creditcard:finance.card creditcardnumber:finance.card card:finance.card iban:finance.iban"
    " bankaccount:finance.account salary:finance.income income:finance.income financial",
    "demographic": "birthdate:demographic.birth_date dateofbirth:demographic.birth_date dob:demographic.birth_date"
    " age:demographic.age gender:demographic.gender sex:demographic.gender nationality:demographic.nationality"
    " race:demographic.ethnicity ethnicity:demographic.ethnicity religion:demographic.religion",
    "health": "phi medical healthdata diagnosis:health.condition",
    "biometric": "biometrics genetic",
    "location": "geolocation gps:location.coordinates coordinates:location.coordinates",
    "credential": "password:credential.password secret:credential.token apikey:credential.token",
    "content.free_text": "freetext comment notes",
    "none": "nonpersonal notpersonal nonpii",
}
_CATEGORIES = {
    word.partition(":")[0]: word.partition(":")[2] or category
    for category, words in _WORDS.items()
    for word in words.split()
} | {re.sub(r"[^a-z0-9]", "", key): key for key in CATEGORIES}
_SENSITIVITIES = {str(one): one for one in Sensitivity}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the tags of one column come to; `said` are the tags that say so."""

    category: str
    sensitivity: str
    confidence: float
    said: str


def meaning_of(tags: Iterable[Tag], column: str) -> Meaning | None:
    """None where none of the tags is about personal data, or they do not tell which."""
    category, sensitivity, personal, said = "", "", False, []
    for tag in sorted(tags, key=lambda tag: (tag.key, tag.value)):
        key, value = _plain(tag.key), _plain(tag.value)
        asks = key in _KEYS
        word = value if asks else key if value in _YES else ""
        found = _category(tag.value) if asks else ""
        found = found or _CATEGORIES.get(word, "")
        if asks and value in _NO:
            found = "none"
        level = _SENSITIVITIES.get(value, "") if asks else ""
        if not (found or level or (asks and value in _YES)):
            continue
        said.append(f"{tag.key}: {tag.value}"[:120])
        category = found if found and category in ("", "none") else category
        sensitivity = level or sensitivity
        personal |= asks and value in _YES and found != "none"
    if category:
        return _meaning(category, sensitivity, CONFIDENCE, said)
    guess = next((one.category for one in judge_name(column) if not one.category.startswith("none")), "")
    return _meaning(guess, sensitivity, GUESSED, said) if guess and (personal or sensitivity) else None


def _meaning(category: str, sensitivity: str, confidence: float, said: list[str]) -> Meaning:
    own = str(CATEGORIES[category].sensitivity)
    if category == "none" or not sensitivity:
        sensitivity = own
    return Meaning(category, str(sensitivity), confidence, ", ".join(said))


def _category(value: str) -> str:
    """A category in this or a longer taxonomy: `contact.email`, `user.contact.email`."""
    parts = value.strip().lower().split(".")
    paths = (".".join(parts[start:]) for start in range(len(parts)))
    return next((path for path in paths if path in CATEGORIES), "")


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())
