"""Numbers that states and insurers give to people, told by form and check digits (python-stdnum).

A check digit alone proves little (one in ten or eleven random numbers has the right one), so nearly all values of
a column must have the form and be valid; the weight says how much that is worth for the scheme.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence
from catalog.classification.witness import prevailing

AT_LEAST = 0.7
_PROBE = 24
_MOST = 400  # values checked per scheme


@dataclass(frozen=True)
class Scheme:
    """One numbering scheme; `module` is its python-stdnum module, empty where the form itself tells enough."""

    module: str
    category: str
    title: str
    form: re.Pattern[str]
    weight: float

    @cached_property
    def _check(self) -> ModuleType | None:
        # By name, because the schemes are data: stdnum has a module for each.
        return importlib.import_module(f"stdnum.{self.module}") if self.module else None

    def is_valid(self, value: str) -> bool:
        if not self.form.fullmatch(value):
            return False
        return self._check is None or bool(self._check.is_valid(value))


# module | category | weight | title | form
_SCHEMES = r"""
us.ssn | id.national | .9 | US social security numbers | \d{3}-\d{2}-\d{4}
us.itin | id.tax | .85 | US individual taxpayer numbers | 9\d\d-\d{2}-\d{4}
ca.sin | id.national | .8 | Canadian social insurance numbers | \d{3}[- ]\d{3}[- ]\d{3}
gb.nhs | health.record | .8 | NHS numbers | \d{3}[ -]?\d{3}[ -]?\d{4}
| id.national | .85 | British national insurance numbers | [A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]
ie.pps | id.national | .9 | Irish PPS numbers | \d{7}[A-Wa-w][A-IWTa-iwt]?
de.idnr | id.tax | .9 | German tax identification numbers | [1-9]\d ?\d{3} ?\d{3} ?\d{3}
fr.nir | id.national | .95 | French NIR | [1-478] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d
fr.nif | id.tax | .85 | French tax numbers | [0-3]\d ?\d\d ?\d{3} ?\d{3} ?\d{3}
es.dni | id.national | .93 | Spanish DNI | \d{8}-?[A-HJ-NP-TV-Za-hj-np-tv-z]
es.nie | id.national | .95 | Spanish NIE | [XYZxyz]-?\d{7}-?[A-Za-z]
it.codicefiscale | id.national | .97 | Italian codici fiscali | [A-Za-z]{6}\d\d[A-Za-z]\d\d[A-Za-z]\d{3}[A-Za-z]
nl.bsn | id.national | .75 | Dutch BSN | \d{4}\.?\d\d\.?\d{3}
be.nn | id.national | .93 | Belgian national numbers | \d\d[. ]?\d\d[. ]?\d\d[- ]?\d{3}[. -]?\d\d
pt.cc | id.national | .95 | Portuguese citizen cards | \d{8} ?\d ?[A-Z0-9]{2}\d
at.vnr | id.national | .8 | Austrian insurance numbers | [1-9]\d{3} ?\d{6}
ch.ssn | id.national | .95 | Swiss AHV numbers | 756\.?\d{4}\.?\d{4}\.?\d\d
pl.pesel | id.national | .9 | Polish PESEL | \d{11}
se.personnummer | id.national | .88 | Swedish personnummer | (?:19|20)?\d{6}[-+]?\d{4}
no.fodselsnummer | id.national | .92 | Norwegian fødselsnummer | \d{6} ?\d{5}
dk.cpr | id.national | .75 | Danish CPR numbers | [0-3]\d[01]\d{3}-?\d{4}
fi.hetu | id.national | .95 | Finnish personal codes | \d{6}[-+A-Fa-fU-Yu-y]\d{3}[0-9A-Ya-y]
is_.kennitala | id.national | .85 | Icelandic kennitala | [0-7]\d{5}-?\d{4}
ee.ik | id.national | .9 | Estonian personal codes | [1-8]\d{10}
lt.asmens | id.national | .9 | Lithuanian personal codes | [1-6]\d{10}
cz.rc | id.national | .88 | Czech and Slovak birth numbers | \d{6}/?\d{3,4}
hr.oib | id.national | .85 | Croatian OIB | (?:HR ?)?\d{11}
si.emso | id.national | .92 | Slovenian EMŠO | [0-3]\d[01]\d{10}
bg.egn | id.national | .85 | Bulgarian EGN | \d{10}
ro.cnp | id.national | .92 | Romanian CNP | [1-9]\d{12}
gr.amka | id.national | .85 | Greek AMKA | [0-3]\d[01]\d{8}
tr.tckimlik | id.national | .88 | Turkish identity numbers | [1-9]\d{10}
il.idnr | id.national | .55 | Israeli identity numbers | \d{8}-?\d
za.idnr | id.national | .9 | South African identity numbers | \d{6} ?\d{4} ?[01]\d{2}
br.cpf | id.national | .93 | Brazilian CPF | \d{3}\.?\d{3}\.?\d{3}-?\d\d
cl.rut | id.national | .8 | Chilean RUT | \d{1,2}\.?\d{3}\.?\d{3}-[\dkK]
mx.curp | id.national | .96 | Mexican CURP | [A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d
ec.ci | id.national | .75 | Ecuadorian identity cards | [0-3]\d{8}-?\d
do.cedula | id.national | .75 | Dominican cédulas | \d{3}-?\d{7}-?\d
ar.cuit | id.tax | .85 | Argentinian CUIT | (?:20|23|24|27|30|33|34|50|51|55)-?\d{8}-?\d
cn.ric | id.national | .96 | Chinese resident identity cards | \d{17}[\dXx]
kr.rrn | id.national | .93 | Korean resident numbers | \d{6}-?\d{7}
jp.in_ | id.national | .85 | Japanese individual numbers | \d{4} ?\d{4} ?\d{4}
in_.aadhaar | id.national | .88 | Indian Aadhaar numbers | [2-9]\d{3}[ -]?\d{4}[ -]?\d{4}
in_.pan | id.tax | .9 | Indian PAN | [A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]
th.pin | id.national | .88 | Thai identity numbers | [1-8]-?\d{4}-?\d{5}-?\d\d-?\d
my.nric | id.national | .9 | Malaysian NRIC | \d{6}-\d\d-\d{4}
id.nik | id.national | .85 | Indonesian NIK | \d{16}
pk.cnic | id.national | .9 | Pakistani CNIC | \d{5}-\d{7}-\d
ua.rntrc | id.tax | .7 | Ukrainian tax numbers | \d{10}
ru.inn | id.tax | .8 | Russian personal tax numbers | \d{12}
au.tfn | id.tax | .75 | Australian tax file numbers | \d{3} ?\d{3} ?\d{3}
"""  # noqa: E501 - one scheme a line


def _scheme(line: str) -> Scheme:
    module, category, weight, title, form = line.split("|", 4)
    return Scheme(module.strip(), category.strip(), title.strip(), re.compile(form.strip()), float(weight))


SCHEMES: tuple[Scheme, ...] = tuple(_scheme(line) for line in _SCHEMES.strip().splitlines())


def judge_identifiers(sample: Sample) -> list[Evidence]:
    """The schemes that nearly all distinct values satisfy, check digits included."""
    if sample.with_digits < AT_LEAST:
        return []
    cells = sample.cells[:_MOST]
    probe = cells[:_PROBE]
    found: list[Evidence] = []
    for scheme in SCHEMES:
        formed = sum(1 for value in probe if scheme.form.fullmatch(value))
        if formed < AT_LEAST * len(probe):
            continue
        if sum(map(scheme.is_valid, probe)) < AT_LEAST * len(probe):
            continue
        hits = [value for value in cells if scheme.is_valid(value)]
        # One chance hit in a tiny sample proves nothing: every further value does.
        weight = scheme.weight if len(hits) >= 3 else scheme.weight * 0.6
        found += prevailing(
            scheme.category,
            scheme.title,
            sampled=len(cells),
            hits=hits,
            weight=weight,
            valid=len(hits),
            at_least=AT_LEAST,
        )
    return found
