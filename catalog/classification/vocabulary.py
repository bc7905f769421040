"""The words of classification: five sensitivities and a tree of categories with dotted keys.

Sensitivities follow the GDPR: a direct identifier names a person by itself, a quasi-identifier does so together
with others (recital 26), Article 9 lists the sensitive ones, and a pseudonymous value needs a key kept elsewhere
(Article 4(5)).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sensitivity(StrEnum):
    """How much care a value needs, from most to least telling about one person."""

    DIRECT = "direct"
    QUASI = "quasi"
    SENSITIVE = "sensitive"
    PSEUDONYMOUS = "pseudonymous"
    NONE = "none"

    @property
    def title(self) -> str:  # type: ignore[override]  # a sensitivity is shown, never title-cased
        return _TITLES[self]


_TITLES = {
    Sensitivity.DIRECT: "direct identifier",
    Sensitivity.QUASI: "quasi-identifier",
    Sensitivity.SENSITIVE: "sensitive (Art. 9)",
    Sensitivity.PSEUDONYMOUS: "pseudonymous",
    Sensitivity.NONE: "not personal",
}


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of content. `unique`: a value belongs to exactly one person, so a person may be searched by it."""

    key: str
    title: str
    sensitivity: Sensitivity
    unique: bool = False

    @property
    def parent(self) -> str:
        """The key one segment up; empty at the top of the tree."""
        return self.key.rpartition(".")[0]


def within(key: str, ancestor: str) -> bool:
    """Whether `key` is `ancestor` or lies below it, segment by segment.

    `device.cookie_id` is not within `device.cookie`.
    """
    return key == ancestor or key.startswith(f"{ancestor}.")


_D, _Q, _S, _P, _N = (
    Sensitivity.DIRECT,
    Sensitivity.QUASI,
    Sensitivity.SENSITIVE,
    Sensitivity.PSEUDONYMOUS,
    Sensitivity.NONE,
)
_U = True  # unique to one person

# A telephone number or a bank account may be shared by a household or an office: personal, but not unique.
_TREE: tuple[Category, ...] = (
    Category("name", "Person's name", _D),
    Category("name.full", "Full name", _D),
    Category("name.given", "Given name", _D),
    Category("name.middle", "Middle name or initial", _D),
    Category("name.family", "Family name", _D),
    Category("contact", "Contact detail", _D),
    Category("contact.email", "E-mail address", _D, _U),
    Category("contact.phone", "Telephone number", _D),
    Category("contact.fax", "Fax number", _D),
    Category("contact.social", "Social media profile", _D, _U),
    Category("contact.address", "Postal address", _D),
    Category("contact.address.street", "Street address", _D),
    Category("contact.address.city", "City", _Q),
    Category("contact.address.region", "State or region", _Q),
    Category("contact.address.postal_code", "Postal code", _Q),
    Category("contact.address.country", "Country", _Q),
    Category("id", "Identifier of a person", _P, _U),
    Category("id.national", "National identity number", _D, _U),
    Category("id.passport", "Passport number", _D, _U),
    Category("id.license", "Driving licence number", _D, _U),
    Category("id.tax", "Tax number", _D, _U),
    Category("id.vehicle", "Vehicle number", _Q),
    Category("id.customer", "Customer number", _P, _U),
    Category("id.employee", "Employee number", _P, _U),
    Category("id.account", "Account or user number", _P, _U),
    Category("id.username", "User name", _D, _U),
    Category("id.device", "Device identifier", _P),
    Category("id.cookie", "Cookie or session identifier", _P),
    Category("id.pseudonym", "Hash, token or other pseudonym", _P),
    Category("online", "Online trace", _P),
    Category("online.ip", "IP address", _P),
    Category("online.mac", "MAC address", _P),
    Category("online.url", "Web address", _Q),
    Category("online.user_agent", "User agent", _Q),
    Category("finance", "Financial data", _Q),
    Category("finance.card", "Payment card number", _D, _U),
    Category("finance.iban", "IBAN", _D),
    Category("finance.account", "Bank account number", _D),
    Category("finance.income", "Income", _Q),
    Category("finance.transaction", "Transaction", _Q),
    Category("demographic", "Demographic fact", _Q),
    Category("demographic.birth_date", "Date of birth", _Q),
    Category("demographic.age", "Age", _Q),
    Category("demographic.gender", "Gender", _Q),
    Category("demographic.nationality", "Nationality", _Q),
    Category("demographic.marital_status", "Marital status", _Q),
    Category("demographic.education", "Education", _Q),
    Category("demographic.language", "Language", _Q),
    Category("demographic.ethnicity", "Racial or ethnic origin", _S),
    Category("demographic.religion", "Religion or belief", _S),
    Category("demographic.politics", "Political opinion", _S),
    Category("demographic.union", "Trade union membership", _S),
    Category("demographic.orientation", "Sexual orientation", _S),
    Category("health", "Health data", _S),
    Category("health.condition", "Diagnosis or condition", _S),
    Category("health.record", "Health record or insurance number", _S, _U),
    Category("biometric", "Biometric or genetic data", _S),
    Category("location", "Location", _Q),
    Category("location.coordinates", "Coordinates", _Q),
    Category("credential", "Credential", _D),
    Category("credential.password", "Password", _D),
    Category("credential.token", "Secret or access token", _D),
    Category("employment", "Employment", _Q),
    Category("employment.employer", "Employer or company", _Q),
    Category("employment.occupation", "Occupation or job title", _Q),
    Category("content", "Content written by people", _Q),
    Category("content.free_text", "Free text", _Q),
    Category("none", "Not personal", _N),
    Category("none.operational", "Operational data", _N),
)

CATEGORIES: dict[str, Category] = {category.key: category for category in _TREE}
