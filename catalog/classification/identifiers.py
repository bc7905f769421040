"""Numbers that states and insurers give to people, told by form and check digits (python-stdnum).

A check digit alone proves little (one in ten or eleven random numbers has the right one), so nearly all values of
a column must have the form and be valid; the weight says how much that is worth for the scheme.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence
from catalog.classification.witness import prevailing

AT_LEAST = 0.7
TELLING = 0.3  # weight from which a scheme speaks without the column's name
_GLANCE = 4  # values of which one at least must have the form
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
        if not (self.form.fullmatch(value) or self.form.fullmatch(_squeezed(value))):
            return False
        return self._check is None or bool(self._check.is_valid(value))


def _squeezed(value: str) -> str:
    return value.replace(" ", "").replace(".", "")


# module | category | weight | title | form
_SCHEMES = r"""
us.ssn | id.national | .9 | US social security numbers | \d{3}-\d{2}-\d{4}
us.ssn | id.national | .25 | US social security numbers | \d{9}
us.atin | id.tax | .85 | US adoption taxpayer numbers | 9\d\d-93-\d{4}
us.atin | id.tax | .2 | US adoption taxpayer numbers | \d{3}-?\d{2}-?\d{4}
us.ptin | id.tax | .85 | US tax preparers' numbers | P-?\d{8}
us.itin | id.tax | .85 | US individual taxpayer numbers | 9\d\d-\d{2}-\d{4}
ca.sin | id.national | .8 | Canadian social insurance numbers | \d{3}[- ]\d{3}[- ]\d{3}
ca.sin | id.national | .5 | Canadian social insurance numbers | \d{9}
ca.bc_phn | health.record | .75 | British Columbian health numbers | 9\d{3} ?\d{3} ?\d{3}
gb.nhs | health.record | .8 | NHS numbers | \d{3}[ -]?\d{3}[ -]?\d{4}
| id.national | .85 | British national insurance numbers | [A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]
ie.pps | id.national | .9 | Irish PPS numbers | \d{7}[A-Wa-w][A-IWTa-iwt]?
de.idnr | id.tax | .9 | German tax identification numbers | [1-9]\d ?\d{3} ?\d{3} ?\d{3}
fr.nir | id.national | .95 | French NIR | [1-478] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d
fr.nif | id.tax | .85 | French tax numbers | [0-3]\d ?\d\d ?\d{3} ?\d{3} ?\d{3}
es.dni | id.national | .93 | Spanish DNI | \d{8}-?[A-HJ-NP-TV-Za-hj-np-tv-z]
es.nie | id.national | .95 | Spanish NIE | [XYZxyz]-?\d{7}-?[A-Za-z]
it.codicefiscale | id.tax | .6 | Italian codici fiscali of eleven digits | \d{11}
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
bg.egn | id.national | .85 | Bulgarian EGN | \d{6} ?\d{3} ?\d
ro.cnp | id.national | .92 | Romanian CNP | [1-9]\d{12}
gr.amka | id.national | .85 | Greek AMKA | [0-3]\d[01]\d{8}
tr.tckimlik | id.national | .88 | Turkish identity numbers | [1-9]\d{10}
il.idnr | id.national | .5 | Israeli identity numbers | \d{7,8}-?\d
za.idnr | id.national | .9 | South African identity numbers | \d{6} ?\d{4} ?[01]\d{2}
br.cpf | id.national | .93 | Brazilian CPF | \d{3}\.?\d{3}\.?\d{3}-?\d\d
cl.rut | id.national | .8 | Chilean RUT | (?:CL ?)?\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]
cl.rut | id.national | .5 | Chilean RUT | \d{7,8}[\dkK]
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
my.nric | id.national | .8 | Malaysian NRIC | \d{6}-?\d\d-?\d{4}
id.nik | id.national | .85 | Indonesian NIK | \d{16}
pk.cnic | id.national | .9 | Pakistani CNIC | \d{5}-\d{7}-\d
pk.cnic | id.national | .25 | Pakistani CNIC | \d{13}
ua.rntrc | id.tax | .7 | Ukrainian tax numbers | \d{2} ?\d{2} ?\d{2} ?\d{2} ?\d{2}
ru.inn | id.tax | .5 | Russian companies' tax numbers | \d{10}
ru.inn | id.tax | .8 | Russian personal tax numbers | \d{12}
au.tfn | id.tax | .75 | Australian tax file numbers | \d{3} ?\d{3} ?\d{3}
ar.dni | id.national | .6 | Argentinian DNI | \d{1,2}\.\d{3}\.\d{3}
ar.dni | id.national | .2 | Argentinian DNI | \d{7,8}
be.bis | id.national | .93 | Belgian BIS numbers | \d\d[. ]?[2-5]\d[. ]?\d\d[- ]?\d{3}[. -]?\d\d
be.eid | id.passport | .9 | Belgian identity cards | \d{3}-?\d{7}-?\d\d
bg.pnf | id.national | .7 | Bulgarian numbers of foreigners | \d{10}
sk.rc | id.national | .88 | Slovak birth numbers | \d{6}/?\d{3,4}
de.stnr | id.tax | .5 | German tax office numbers | \d{2,3}[ /]\d{3,4}[ /]\d{4,5}
de.stnr | id.tax | .2 | German tax office numbers | \d{10,13}
es.nif | id.tax | .9 | Spanish NIF | (?:ES ?)?[A-Z0-9]-?\d{7}-?[A-Z0-9]
at.tin | id.tax | .75 | Austrian tax numbers | \d\d-?\d{3}/?\d{4}
fi.veronumero | id.tax | .2 | Finnish tax numbers | \d{12}
fi.alv | id.tax | .5 | Finnish VAT numbers | FI ?\d{8}
gb.upn | id.national | .93 | British pupil numbers | [A-HJ-NP-RT-Z]\d{11}[0-9A-HJ-NP-RT-Z]
gb.utr | id.tax | .7 | British taxpayer references | \d{5} ?\d{5}K?
gh.tin | id.tax | .85 | Ghanaian tax numbers | [PCGQV]\w{2}\d{7}[0-9X]
id.npwp | id.tax | .8 | Indonesian tax numbers | \d{2}\.?\d{3}\.?\d{3}\.?\d-?\d{3}\.?\d{3}
in_.epic | id.national | .93 | Indian voter cards | [A-Z]{3}\d{7}
in_.vid | id.national | .85 | Indian virtual Aadhaar | [2-9]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}
ke.pin | id.tax | .8 | Kenyan PIN | [APap]\d{9}[A-Za-z]
li.peid | id.national | .2 | Liechtenstein person numbers | 0*\d{4,12}
cu.ni | id.national | .5 | Cuban identity numbers | \d{11}
cr.cpf | id.national | .8 | Costa Rican identity numbers | [1-9]-\d{3,4}-\d{3,4}
cr.cpf | id.national | .2 | Costa Rican identity numbers | 0?[1-9]\d{8}
cr.cr | id.national | .25 | Costa Rican numbers of residents | 1\d{10,11}
pe.cui | id.national | .75 | Peruvian DNI | \d{8}-?[0-9A-K]
pe.cui | id.national | .2 | Peruvian DNI | \d{8}
mx.rfc | id.tax | .93 | Mexican RFC of persons | [A-ZÑ&]{3,4}[- ]?\d{6}(?:[- ]?[0-9A-Z]{3})?
mk.edb | id.tax | .75 | Macedonian tax numbers | (?:[MМ][KК] ?)?\d{13}
co.nit | id.tax | .7 | Colombian NIT | \d{2,3}\.?\d{3}\.?\d{3}-\d
co.nit | id.tax | .3 | Colombian NIT | \d{8,10}
sv.nit | id.tax | .85 | Salvadoran NIT | (?:SV ?)?\d{4}-?\d{6}-?\d{3}-?\d
ve.rif | id.tax | .9 | Venezuelan RIF | [VEJPGvejpg]-?\d{8}-?\d
al.nipt | id.tax | .8 | Albanian NIPT | (?:AL ?)?[A-Z]\d{8}[A-Z]
pt.nif | id.tax | .8 | Portuguese NIF | (?:PT ?)?[1-9]\d{2} ?\d{3} ?\d{3}
pl.nip | id.tax | .8 | Polish NIP | (?:PL ?)?\d{3}-?\d{3}-?\d\d-?\d\d
th.tin | id.tax | .85 | Thai tax numbers | [0-8]-?\d{4}-?\d{5}-?\d\d-?\d|0-?\d\d-?\d-?\d{3}-?\d{5}-?\d
za.tin | id.tax | .7 | South African tax numbers | [01239]\d{3}/?\d{3}/?\d{3}|[01239]\d{8}-\d
nz.ird | id.tax | .75 | New Zealand IRD numbers | (?:NZ ?)?(?:\d{2,3}-\d{3}-\d{3}|\d{7,8}-\d)
nz.ird | id.tax | .4 | New Zealand IRD numbers | \d{8,9}
nl.identiteitskaartnummer | id.passport | .75 | Dutch passports and identity cards | [A-NP-Z]{2}[A-NP-Z0-9]{6}\d
nl.onderwijsnummer | id.national | .8 | Dutch education numbers | 10\d{7}
imsi | id.device | .3 | subscriber numbers of SIM cards (IMSI) | \d{14,15}
meid | id.device | .85 | device numbers (MEID) | [A-Fa-f][A-Fa-f0-9]{13,14}|\d{18,19}
es.ccc | finance.account | .93 | Spanish bank accounts | \d{4}[- ]?\d{4}[- ]?\d\d[- ]?\d{10}
ar.cbu | finance.account | .93 | Argentinian bank accounts | \d{7} ?\d ?\d{14}
no.kontonr | finance.account | .8 | Norwegian bank accounts | \d{4}[. ]\d\d[. ]?\d{5}
no.kontonr | finance.account | .3 | Norwegian bank accounts | \d{11}
nz.bankaccount | finance.account | .7 | New Zealand bank accounts | \d{15,16}
nz.bankaccount | finance.account | .9 | New Zealand bank accounts | \d{2}-\d{4}-\d{7}-\d{2,3}
cz.bankaccount | finance.account | .8 | Czech bank accounts | (?:\d{1,6}-)?\d{2,10}/\d{4}
"""  # noqa: E501 - one scheme a line


def _scheme(line: str) -> Scheme:
    module, category, weight, title, form = line.split("|", 4)
    return Scheme(module.strip(), category.strip(), title.strip(), re.compile(form.strip()), float(weight))


SCHEMES: tuple[Scheme, ...] = tuple(_scheme(line) for line in _SCHEMES.strip().splitlines())


def judge_identifiers(sample: Sample, *, named: Set[str] = frozenset()) -> list[Evidence]:
    """The schemes that nearly all distinct values satisfy, check digits included.

    A scheme that next to any digits satisfy counts only where the column's name speaks for it (`named`).
    """
    if sample.with_digits < AT_LEAST:
        return []
    cells = sample.cells[:_MOST]
    probe = cells[:_PROBE]
    found: list[Evidence] = []
    for scheme in SCHEMES:
        if scheme.weight < TELLING and scheme.category not in named:
            continue
        if not any(scheme.form.fullmatch(value) for value in probe[:_GLANCE]):
            continue
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
