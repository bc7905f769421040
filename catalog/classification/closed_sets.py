"""Columns of a few well-known words: gender, marital status, religion, origin, country, state."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass

from catalog.classification.dictionaries import cities, countries, country_codes, regions
from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence
from catalog.classification.witness import prevailing
from catalog.classification.wordlists import fold, words

_FLAGS = words("""0 1 y n yes no true false t f on off ja nein oui non si sim nao sí não x ✓ - 0.0 1.0""")


@dataclass(frozen=True, slots=True)
class ClosedSet:
    category: str
    title: str
    known: Callable[[], Set[str]]
    weight: float
    at_least: float = 0.8
    fewest: int = 2  # distinct values needed


def _always(text: str) -> Callable[[], Set[str]]:
    """The words of `text`; an underscore in one stands for a space."""
    known = frozenset(word.replace("_", " ") for word in words(text))
    return lambda: known


_SETS = (
    ClosedSet(
        "demographic.gender",
        "genders",
        _always(
            """m f male female man woman men women boy girl nonbinary non-binary diverse divers mannlich
            weiblich masculin feminin homme femme hombre mujer masculino femenino feminino maschio
            femmina uomo donna man vrouw mannelijk vrouwelijk all_genders w x u other transgender
            prefer_not_to_say d h"""
        ),
        0.72,
    ),
    ClosedSet(
        "demographic.marital_status",
        "marital statuses",
        _always(
            """single married divorced widowed separated engaged never_married married-civ-spouse
            never-married ledig verheiratet geschieden verwitwet celibataire marie divorce veuf soltero
            casado divorciado viudo soltera casada divorciada viuda common-law partnered
            civil_partnership union_libre"""
        ),
        0.85,
    ),
    ClosedSet(
        "demographic.religion",
        "religions",
        _always(
            """christian christianity catholic protestant evangelisch katholisch muslim islam islamic
            jewish judaism hindu hinduism buddhist buddhism sikh atheist agnostic lutheran orthodox
            roman_catholic mormon none other no_religion konfessionslos baptist"""
        ),
        0.85,
    ),
    ClosedSet(
        "demographic.ethnicity",
        "racial or ethnic origins",
        _always(
            """asian hispanic latino latina caucasian african_american black_or_african_american
            native_american american_indian pacific_islander non-hispanic white_hispanic black_hispanic
            hispanic_or_latino not_hispanic_or_latino two_or_more_races amer-indian-eskimo
            asian-pac-islander white black other multiracial white_non-hispanic black_non-hispanic
            non-hispanic_white non-hispanic_black american_indian/alaskan_native asian/pacific_islander
            all_races mixed indigena mestizo afrocolombiano raizal palenquero gitano"""
        ),
        0.7,
        0.7,
        3,
    ),
    ClosedSet("contact.address.country", "countries", countries, 0.7, 0.8, 1),
    ClosedSet("contact.address.region", "states or provinces", regions, 0.65, 0.85, 2),
    ClosedSet("contact.address.country", "country codes", country_codes, 0.35, 0.95, 4),
    ClosedSet("contact.address.city", "cities", cities, 0.5, 0.6, 4),
)


# The nouns that job titles end in or begin with.
_JOBS = words(
    """accountant administrator adviser advisor agent aide analyst apprentice architect assistant associate
    attendant attorney auditor baker barber bookkeeper builder butcher buyer captain caretaker carpenter
    cashier ceo cfo chair chairman chairperson chaplain chef chief cio clerk coach commissioner consultant
    controller cook coordinator coo councillor councilmember counsel counselor courier cto curator
    custodian dentist deputy designer detective developer director dispatcher doctor driver economist
    editor educator electrician engineer executive farmer fellow firefighter fisherman foreman gardener
    geologist guard guide hairdresser handler head hostess housekeeper inspector instructor intern
    interpreter investigator janitor journalist judge laborer labourer lawyer lead leader lecturer
    librarian lieutenant lifeguard machinist maid manager mason mayor mechanic medic merchant messenger
    midwife miner minister musician nurse officer operator optician owner painter partner pastor
    paramedic pharmacist photographer physician physicist pilot planner plumber police porter president
    principal producer professor programmer psychologist receptionist recruiter reporter representative
    researcher retiree sailor salesman salesperson scientist secretary sergeant servant sheriff shoemaker
    specialist steward student superintendent supervisor surgeon surveyor tailor teacher technician
    technologist teller therapist trainee trainer translator treasurer trustee tutor vet waiter waitress
    warden weaver welder worker writer
    angestellter arzt berater buchhalter fahrer geschaftsfuhrer ingenieur kaufmann lehrer leiter
    sachbearbeiter sekretarin techniker verkaufer directeur ingenieur comptable enseignant infirmier
    infirmiere medecin vendeur abogado contador director docente enfermera gerente ingeniero jefe medico
    profesor secretaria tecnico vendedor auxiliar coordinador avvocato impiegato insegnante operaio"""
)
_JOB_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)


def is_job(folded: str) -> bool:
    """Whether a folded cell names a position: `deputy director`, `engineer ii`."""
    parts = _JOB_WORD.findall(folded)
    return 1 <= len(parts) <= 8 and not _JOBS.isdisjoint(parts)


def are_flags(sample: Sample) -> bool:
    """Whether all there is are yes and no, 0 and 1, or the like."""
    return 0 < len(sample) <= 3 and all(value.casefold() in _FLAGS for value in sample.values)


def judge_closed_sets(sample: Sample) -> list[Evidence]:
    """The sets whose words make up nearly all distinct values; flags belong to none."""
    if not sample.cells or are_flags(sample) or sample.with_letters < 0.6:
        return []
    cells = sample.cells[:400]
    folded = [fold(value) for value in cells]
    found: list[Evidence] = []
    for closed in _SETS:
        known = closed.known()
        hits = [value for value, word in zip(cells, folded, strict=True) if word in known]
        if len(hits) < closed.fewest:
            continue
        found += prevailing(
            closed.category,
            closed.title,
            sampled=len(cells),
            hits=hits,
            weight=closed.weight,
            at_least=closed.at_least,
            origin="values",
            few=True,
        )
    jobs = [value for value, word in zip(cells, folded, strict=True) if is_job(word)]
    if len(jobs) >= 4:
        found += prevailing(
            "employment.occupation",
            "positions that people have",
            sampled=len(cells),
            hits=jobs,
            weight=0.7,
            at_least=0.7,
            origin="values",
        )
    return found
