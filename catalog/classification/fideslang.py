"""Fideslang's data categories (`user.contact.email`) as categories of ours, and back.

The keys are those of the taxonomy's versions 2 and 3 (IABTechLab/fideslang, `data_categories`, CC BY 4.0), deprecated
ones included so that older manifests are understood; what each means here is our own judgement. Keys match by
segment: `user.device.cookie` covers `user.device.cookie.name` and never `user.device.cookie_id`.
"""

from __future__ import annotations

from catalog.classification.vocabulary import CATEGORIES

# One category of ours a line: its keys there, the first of which stands for it on the way back.
_MAP = """
name: user.name
name.given: user.name.first
name.family: user.name.last
contact: user.contact
contact.email: user.contact.email user.account.contact.email
contact.phone: user.contact.phone_number user.account.contact.phone_number
contact.fax: user.contact.fax_number
contact.social: user.contact.social_url user.contact.url user.social_activity user.social
contact.address: user.contact.address user.contact.address.mailing_address
contact.address.street: user.contact.address.street user.contact.street user.account.contact.street
contact.address.city: user.contact.address.city user.contact.city user.account.contact.city
contact.address.region: user.contact.address.state user.contact.state user.account.contact.state
contact.address.postal_code: user.contact.address.postal_code user.contact.postal_code user.account.contact.postal_code
contact.address.country: user.contact.address.country user.contact.country user.account.contact.country
id: user.unique_id user.unique_id.deterministic
id.pseudonym: user.unique_id.pseudonymous user.unique_id.probablistic
id.national: user.government_id.national_identification_number user.government_id user.government_id.birth_certificate
  user.government_id.immigration
id.passport: user.government_id.passport_number
id.license: user.government_id.drivers_license_number
id.vehicle: user.government_id.vehicle_registration
id.account: user.account
id.username: user.account.username
id.device: user.device.device_id user.device
id.cookie: user.device.cookie_id user.device.cookie
online: user.behavior user.behavior.browsing_history user.behavior.search_history user.behavior.media_consumption
  user.browsing_history user.search_history user.media_consumption user.device.telemetry user.telemetry
online.ip: user.device.ip_address
finance: user.financial
finance.account: user.financial.bank_account user.financial.account_number user.account.payment.financial_account_number
finance.card: user.financial.credit_card
finance.transaction: user.payment user.behavior.purchase_history user.account.payment
demographic: user.demographic user.demographic.profile user.demographic.protected_classifications
demographic.birth_date: user.demographic.date_of_birth user.date_of_birth
demographic.age: user.demographic.age_range user.non_specific_age
demographic.gender: user.demographic.gender user.gender
demographic.nationality: user.demographic.citizenship_or_immigration_status
demographic.marital_status: user.demographic.marital_status
demographic.language: user.demographic.language
demographic.ethnicity: user.demographic.race_ethnicity user.race
demographic.religion: user.demographic.religious_belief user.demographic.philosophical_belief user.religious_belief
demographic.politics: user.demographic.political_opinion user.political_opinion
demographic.union: user.demographic.union_membership
demographic.orientation: user.demographic.sexual_orientation user.sexual_orientation
health: user.health user.health_and_medical user.biometric.health user.biometric_health
health.condition: user.health.condition user.health.medical_diagnosis user.health.symptons user.health.treatment
  user.health.medications user.health.prescriptions
health.record: user.health.record_id user.health.insurance_beneficiary_id user.health_and_medical.record_id
  user.health_and_medical.insurance_beneficiary_id
biometric: user.biometrics user.biometric user.authorization.biometrics user.authorization.biometric user.health.genetic
  user.health_and_medical.genetic user.genetic user.credentials.biometric_credentials
location: user.location user.location.coarse user.location.imprecise
location.coordinates: user.location.precise
credential: user.authorization user.credentials
credential.password: user.authorization.password user.authorization.credentials user.credentials.password
credential.token: system.authentication
employment: user.professional_information
employment.occupation: user.professional_information.job_title user.job_title
employment.employer: user.professional_information.workplace user.workplace user.contact.organization
content: user.content user.content.private user.content.public user.content.self_image
none.operational: system.operations
none: system
"""


def _read(text: str) -> dict[str, tuple[str, ...]]:
    lines = text.replace("\n  ", " ").strip().splitlines()
    return {ours: tuple(keys.split()) for ours, _, keys in (line.partition(": ") for line in lines)}


KEYS: dict[str, tuple[str, ...]] = _read(_MAP)
"""Our categories with the fideslang keys that mean them, the preferred key first."""
# Where the parent's key would say less than another one does.
_BACK = {
    "name.middle": "user.name",
    "id.tax": "user.government_id",
    "online.mac": "user.device.device_id",
    "online.user_agent": "user.device",
    "online.url": "user.behavior.browsing_history",
    "finance.iban": "user.financial.bank_account",
}
_OURS = {key: ours for ours, keys in KEYS.items() for key in keys}


def from_fideslang(key: str) -> str:
    """Our category for a fideslang key, or for its nearest ancestor that has one; empty where none has.

    Nothing here says the same as `user.criminal_history`, `user.children` or `user.settings`: those stay empty.
    """
    segments = key.strip().split(".")
    return next(
        (_OURS[above] for end in range(len(segments), 0, -1) if (above := ".".join(segments[:end])) in _OURS),
        "",
    )


def to_fideslang(category: str) -> str:
    """The fideslang key for a category of ours, or for its nearest ancestor that has one; empty for an unknown one."""
    if category not in CATEGORIES:
        return ""
    if category in _BACK:
        return _BACK[category]
    while category and category not in KEYS:
        category = CATEGORIES[category].parent
    return KEYS[category][0] if category else ""
