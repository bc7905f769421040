"""Rules over column names in plain English words; the first rule that matches a category speaks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog.classification.wordlists import words

PERSONS = words(
    """person people customer client employee user member patient student teacher staff subscriber guest
    passenger lead prospect candidate applicant voter contact author owner tenant borrower driver victim
    suspect donor visitor recipient sender buyer seller beneficiary holder participant respondent spouse
    parent child children mother father guardian nominee physician doctor nurse judge attorney lawyer
    officer official representative agent manager supervisor director principal inspector composer
    player operator referee attendee delegate alderman clerk individual resident citizen household
    licensee payee payer friend sibling relative worker volunteer trustee administrator cardholder
    policyholder insured claimant defendant plaintiff inmate"""
)
THINGS = words(
    """genre track album playlist artist media type product item category order invoice line file host
    domain table column schema model brand project event group team task stock warehouse store shop
    department division branch bank article page document report job queue queue currency unit song
    movie book building facility school program course class species plant animal pet vehicle ship
    vessel station park street road city country region state place site location district ward county
    neighborhood plan policy contract service system server database package version release component
    part machine equipment asset account status level role permission setting config key tag label color
    colour size image photo video game website campaign source business entity company organization
    organisation agency club association association permit license tier method payment shipment parcel
    batch test sensor device metric dataset license common scientific trade dba meeting"""
)

# Names that stand where a name is missing.
PLACEHOLDERS = words(
    """column col field var variable value val values data attr attribute prop property cell unnamed item info
    input output param key text string unknown extra misc other spalte feld wert colonne champ valeur columna
    campo valor colonna valore kolom veld waarde coluna kolumna pole wartosc payload raw"""
)


@dataclass(frozen=True, slots=True)
class Rule:
    pattern: re.Pattern[str]
    category: str
    weight: float
    unless: re.Pattern[str] | None = None
    ambiguous: bool = False  # means a person's only near a word for people


# One rule a line: category | weight | words | unless these words. `?` after the weight marks an ambiguous rule.
_RULES = r"""
contact.email | .93 | email | (sent|count|verified|opt|template|status|subject|domain|provider|type|flag|is|has|enabled|id|body|quantity)\b
contact.fax | .93 | fax
contact.phone | .92 | (phone|mobile) | \b(type|model|brand|verified|status|extension|ext|os|is|has|app|price|plan|code|quantity)\b
contact.phone | .45 | (call in|contact) number
contact.social | .8 | (twitter|facebook|linkedin|instagram|skype|whatsapp|telegram|mastodon)
contact.address.street | .9 | (street|address) | \b(email|ip|mac|url|city|region|state|country|postal|type|id|name city|web|memory|wallet|host|light|lights|number type|county|verified|status|geocode)\b
contact.address.street | .7 | address geocode
contact.address.street | .55 | house number
contact.address.city | .88 | city | \b(council|code|id|population|hall|quantity)\b
contact.address.city | .5 | (birth ?place|place of birth|birth city)
contact.address.region | .8 | (region|state) | \b(united|code state|machine|workflow|order|sales|solid|of matter|is|has|aws|cloud|transaction|job|task|current|payment)\b
contact.address.postal_code | .93 | postal( code)? | \b(file|archive|path)\b
contact.address.country | .88 | country | \b(of origin|manufacture|quantity)\b
name.given | .95 | (first|given|fore|christian|preferred) name
name.family | .95 | (last|family|sur|maiden|second) name
name.given | .75 | ^(\w+ )?(first|given)( \w)?$ | \b(date|order|seen|login|visit|time|is|has)\b
name.family | .75 | ^(\w+ )?(last|family|surname)$ | \b(date|order|seen|login|visit|time|at|is|has|product|font)\b
name.family | .93 | surname
name.middle | .93 | middle (name|initial|init|\w$)
name.middle | .8 | ^(\w+ )?middle$
name.full | .95 | full name
name.full | .9 | (contact|customer|employee|patient|student|user|person|owner|candidate|author|voter|member|client|guest|applicant|passenger|cardholder|holder|account holder|beneficiary|recipient|sender|nominee|tenant|driver|manager|supervisor|agent|officer|inspector|judge|doctor|teacher|physician|attorney|director|representative|spouse|mother|father|parent|guardian|child|billing|shipping|maiden|combined|legal|display|alias|enslaver|licensee|victim|buyer|seller|donor) (s )?(full )?name(s)?\b | \b(user name|file|type|display name id)\b
name.full | .6 | ^name (and|y|et|und|e) (surname|family|last)
name.full | .55 | ^(contact|composer|author|supervisor|manager|owner|inspector|attorney|judge|licensee|physician|nominee|signatory|donor|applicant|cardholder|representative legal|legal representative|representante legal|alderman|ceo|president|chairman|gerente|administrador|alias|nickname|agent|official agent)( (s )?(1|2|name))?$
name.full | .3? | (^|\w )name$ | \b(user|file|host|business|company|employer|domain|table|column|region|city|country|street|postal|brand|login|class|event|display|database|db|event)\b
id.username | .9 | (username|user name|login|screen name|nickname|handle) | \b(date|time|at|count|last|quantity|failed|ip)\b
id.national | .93 | (social security|national id|national (identity|insurance)|citizen (id|number)) | \b(type|rate|income|amount|price)\b
id.passport | .93 | passport | \b(expiry|country|type|date)\b
id.license | .85 | (driver|driving) license
id.license | .5 | license (number|id) | \b(plate|business|software|state)\b
id.tax | .85 | tax (id|number|file|payer|code)|taxpayer (id|number) | \b(rate|amount)\b
id.vehicle | .85 | (vin|license plate|plate number|registration plate|number plate|vehicle identification)
id.device | .85 | (device (id|number|identifier|token)|^device$|advertising id)
id.cookie | .8 | cookie | \b(consent|policy|quantity)\b
id.pseudonym | .55 | (hash|hashed|pseudonym|anonymous id|guid)
online.ip | .93 | \bip( address)?$|^ip\b|\bip (v4|v6|4|6|addr) | \bip (type|version|range)
online.mac | .93 | mac( address)?$ | \b(os|book)\b
online.url | .7 | \burl\b | \b(is|has|quantity)\b
online.user_agent | .9 | user agent
finance.card | .9 | (card number|credit card|debit card|payment card|^card$|card pan|^pan$) | \b(type|brand|expiry|exp|month|year|name|holder)\b
finance.iban | .95 | iban
finance.account | .85 | (bank account|account number bank|routing number|sort code|account iban|bban|bank number)
finance.account | .5 | account number
finance.income | .85 | income | \b(type|tax code|code|tax|method|statement)\b
finance.transaction | .55 | (invoice|order|transaction|purchase|payment|billing|sales?|checkout) (date|time|total|price|amount|quantity|timestamp)|balance|donation
demographic.birth_date | .95 | birth date|date of birth|date birth|birth(day| year| month| time| dt| yr)|year of birth|date de birth|date di birth | \b(place|city|country|region|weight|rate|certificate)\b
demographic.birth_date | .7 | ^birth$
demographic.age | .85 | ^age$|\bage (at|years|in|of|group|range|band|yrs|yr)\b|(person|patient|customer|user|client|victim|suspect|driver|student|employee|member|applicant|respondent) age$ | \b(account|file|invoice|days|stone|debt)\b
demographic.gender | .92 | gender|(pronouns?)$ | \b(offender registry|neutral)\b
demographic.nationality | .9 | nationality
demographic.marital_status | .93 | marital( status)?|(civil|estado) (status|civil)|marriage status
demographic.education | .75 | education|degree level|highest (degree|qualification) | \b(budget|department|program|agency|region)\b
demographic.language | .5 | language | \b(program|programming|code page|markup)\b
demographic.ethnicity | .85 | ethnicity|skin colou?r | \b(id|horse|date|time|distance|track)\b
demographic.religion | .92 | religion|denomination
demographic.politics | .75 | politics|political (party|opinion|affiliation)|voting|vote(d)? for | \b(size|third|date|quantity|id)\b
demographic.union | .7 | union (member|membership|name|code|id)|^union$|trade union | \b(credit|all|european)\b
demographic.orientation | .92 | (gender(ual)? |sexual )orientation|gender orientation
health.condition | .9 | diagnosis|(medical|health) (condition|history|problem)|symptom|allerg(y|ies)|disability|disabled|prescription|medication|blood (type|group|pressure)|vaccin\w+|pregnan\w+
health.condition | .45 | ^condition$|treatment
health.record | .9 | (medical record|mrn|health insurance|nhs|insurance (number|id)|patient (id|number))
biometric | .9 | fingerprint|biometric|retina|iris scan|face (id|print|embedding)|voice ?print|dna|genom\w+
location.coordinates | .88 | latitude|longitude|coordinates | \b(source|quality|accuracy|method|status|type)\b
credential.password | .93 | password | \b(reset|changed|expires|date|at|is|has|policy|length)\b
credential.token | .8 | (token|secret|api key|private key|access key|otp|recovery code|pin code|^pin$) | \b(type|expires|count|quantity)\b
employment.employer | .8 | ^employer( name)?$|employer
employment.occupation | .85 | occupation|(job|employee|contact|position|work) title | \b(id|code)\b
employment.occupation | .4? | ^title( \w+)*$ | \b(meeting|song|page|event|document|case)\b
demographic.birth_date | .4 | ^b ?day$
content.free_text | .6 | (comment|description|message|memo|narrative|summary|bio|about me|notes?|question|answer|complaint|feedback|review)$ | \b(id|date|quantity|type|count|status)\b
none.operational | .75 | (price|quantity|milliseconds|bytes|duration|discount|currency|sku|version|checksum|file ?size|size|length|width|height|weight|rank|percent(age)?|rate|ratio|is active|enabled|sort order|colou?r|make|breed|species|status|created at|updated at|modified at|timestamp|score|total|tax amount|unit|count|sum|average|min|max|row id|composite) | \b(birth|income|credit|gender|email|phone|invoice|balance|marital|customer|person|blood|body|patient)\b
none.operational | .6 | (hire|start|end|created|updated|modified|due|ship|shipped|delivery|expiry|effective|issue|load|run) (date|time|on|at) | \b(birth|death)\b
none.operational | .5 | (type|category|class|kind|code|flag|year|month|quarter|date|time|file name|filename|host|hostname)$ | \b(birth|postal|blood|gender|tax|national|income|country|region|pin|recovery|sort|transaction|invoice|order|payment|purchase|diagnosis|ethnicity)\b
"""  # noqa: E501 - one rule a line


def _rule(line: str) -> Rule:
    category, weight, pattern, *unless = (part.strip() for part in re.split(r" \| ", line))
    return Rule(
        # A word boundary on both sides, whatever alternatives the pattern has.
        pattern=re.compile(rf"(?:^|\b)(?:{pattern})(?:\b|$)"),
        category=category,
        weight=float(weight.rstrip("?")),
        unless=re.compile(rf"\b(?:{unless[0]})") if unless else None,
        ambiguous=weight.endswith("?"),
    )


RULES: tuple[Rule, ...] = tuple(_rule(line) for line in _RULES.strip().splitlines())
