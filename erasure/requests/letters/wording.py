"""The texts of letters: one file per language, or an officer's own in its place, with `{variables}` to be filled in.

Filling in is a replacement of names by values and nothing else: no text can call, loop or look up anything, and what
stands in a value is never read as a variable.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.core.exceptions import ValidationError

from erasure.requests.letters.kinds import KINDS
from erasure.requests.models import LetterText

DEFAULT = "en"
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
}
VARIABLE = re.compile(r"\{([a-z_]+)\}")
IN_SUBJECT = ("reference", "organisation", "other")  # what is short and stands on one line
LONGEST = 5_000


@dataclass(frozen=True, slots=True)
class Text:
    subject: str
    body: str
    own: bool = False  # written by an officer


def language_of(wanted: str) -> str:
    """The language that there are texts in: “de” for “de-AT”, English for one that is not known."""
    language = wanted.lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else DEFAULT


def text_of(kind: str, language: str) -> Text:
    """The text of a letter in one of `LANGUAGES`."""
    own = LetterText.objects.filter(kind=kind, language=language).first()
    return Text(own.subject, own.body, own=True) if own else brought(kind, language)


def brought(kind: str, language: str) -> Text:
    """The text that comes with the console."""
    entry = _file(language)[kind]
    return Text(entry["subject"], entry["body"].strip())


def phrases(language: str) -> dict[str, dict[str, str]]:
    """Parts of sentences that values are made of."""
    return _file(language)["phrases"]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced; one without a value vanishes, and the empty lines it leaves too."""
    filled = VARIABLE.sub(lambda found: values.get(found[1], ""), text)
    return re.sub(r"\n{3,}", "\n\n", filled).strip()


def check(kind: str, subject: str, body: str) -> None:
    """Raises ValidationError, beside the field, for a text that could not be sent or would not say what it must."""
    if "\n" in subject or "\r" in subject or not subject.strip() or len(subject) > 200:
        raise ValidationError({"subject": "Write one line of at most 200 characters."})
    if not body.strip() or len(body) > LONGEST or "\x00" in subject + body:
        raise ValidationError({"body": f"Write 1 to {LONGEST:,} characters."})
    _check_variables("subject", subject, [name for name in IN_SUBJECT if name in KINDS[kind].allowed])
    _check_variables("body", body, list(KINDS[kind].allowed))
    missing = [name for name in KINDS[kind].needs if f"{{{name}}}" not in body]
    if missing:
        raise ValidationError({"body": f"This letter has to say {_listed(missing)}."})


def _check_variables(field: str, text: str, allowed: list[str]) -> None:
    unknown = [name for name in VARIABLE.findall(text) if name not in allowed]
    if unknown:
        raise ValidationError({field: f"There is no {_listed(unknown)} here; there are {_listed(allowed)}."})
    if re.search(r"[{}]", VARIABLE.sub("", text)):
        raise ValidationError({field: "Braces stand around the names of variables only."})


def _listed(names: list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


@cache
def _file(language: str) -> dict[str, dict]:
    return tomllib.loads((Path(__file__).parent / "languages" / f"{language}.toml").read_text())
