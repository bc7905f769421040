"""The sentences of the public pages: one file per language, the same names in each."""

import tomllib
from functools import cache
from pathlib import Path

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import trans_real

from erasure.requests.regimes import regimes

FOLDER = Path(__file__).parent / "languages"
DEFAULT = "en"
NAMES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
}


@cache
def languages() -> dict[str, str]:
    """Those there is a file of: code and its own name."""
    return {code: name for code, name in NAMES.items() if (FOLDER / f"{code}.toml").exists()}


def language_of(request: HttpRequest, *, otherwise: str = "") -> str:
    """What the visitor chose, else `otherwise`, else the best of what their browser asks for (RFC 9110, 12.5.4)."""
    wanted = [request.GET.get("lang", ""), otherwise]
    wanted += [
        code for code, _ in trans_real.parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    ]
    for code in wanted:
        found = code.lower().replace("_", "-").partition("-")[0]
        if found in languages():
            return found
    return DEFAULT


def say(language: str, sentence: str, /, **values: object) -> str:
    """The sentence of a name ("ask.title"), with its `{values}`. Raises KeyError for one that does not exist."""
    section, _, key = sentence.partition(".")
    text = texts(language if language in languages() else DEFAULT)[section][key]
    for given, value in values.items():
        if f"{{{given}}}" in text:
            text = text.replace(f"{{{given}}}", str(value))
    return text


def place(language: str, regime: str) -> str:
    """Where people live under a law, as they say it: the law's own name is for officers."""
    names = texts(language)["places"]
    return names.get(regime) or regimes()[regime].title.rpartition("(")[2].rstrip(")")


def places(language: str) -> list[tuple[str, str]]:
    """The choice of a place. Laws that bind one trade alone are left out: nobody lives there; and those to come."""
    today = timezone.localdate()
    laws = [law for law in regimes().values() if law.poll is None and (law.since or today) <= today]
    return [(law.key, place(language, law.key)) for law in laws]


@cache
def texts(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text())
