"""Which objects belong to whom, by where they are: `avatars/{customer_id}.png`, `exports/{email}/**`.

A name in braces stands for what varies within one part of the path, `*` for anything within one part, `**` for anything
further down. What the names stand for become columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django import forms

OWN = ("path", "size", "modified_at")
PIECE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,62})\}|(\*\*)|(\*)")


@dataclass(frozen=True)
class Template:
    """One line of the setting; it is the name of the data set too."""

    text: str

    @cached_property
    def names(self) -> list[str]:
        return [found.group(1) for found in PIECE.finditer(self.text) if found.group(1)]

    @cached_property
    def start(self) -> str:
        """What every path of it begins with."""
        first = PIECE.search(self.text)
        return self.text[: first.start()] if first else self.text

    @cached_property
    def folders(self) -> int:
        """How many folders of a path are named without anything that varies."""
        return self.start.count("/")

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        pattern, place = "", 0
        for found in PIECE.finditer(self.text):
            pattern += re.escape(self.text[place : found.start()])
            if found.group(1):
                pattern += f"(?P<{found.group(1)}>[^/]+)"
            else:
                pattern += ".+" if found.group(2) else "[^/]*"
            place = found.end()
        return re.compile(pattern + re.escape(self.text[place:]), re.DOTALL)

    def read(self, path: str) -> Mapping[str, str] | None:
        """What the names stand for in this path; None where the path is none of the template."""
        found = self._expression.fullmatch(path)
        return found.groupdict() if found else None


def templates(written: str) -> list[Template]:
    """One a line, each once."""
    return [Template(line) for line in dict.fromkeys(each.strip() for each in written.splitlines()) if line]


def check_templates(written: str) -> None:
    """For the form. Raises ValidationError."""
    for template in templates(written):
        bare = PIECE.sub("", template.text)
        names: Sequence[str] = template.names
        if not names:
            raise forms.ValidationError(
                f"{template.text} does not say whose an object is: write a name in braces."
            )
        if "{" in bare or "}" in bare:
            raise forms.ValidationError(f"{template.text}: a name in braces has letters, digits and _ only.")
        if len(set(names)) < len(names) or set(names) & set(OWN):
            raise forms.ValidationError(
                f"{template.text}: each name stands once, and none is {', '.join(OWN)}."
            )
        if re.search(r"(^/|//|(^|/)\.\.(/|$)|\}\{)", template.text):
            raise forms.ValidationError(
                f"{template.text}: write it relative to the store, with something between two names."
            )


class TemplatesField(forms.CharField):
    """The templates of a store of files."""

    def __init__(self) -> None:
        super().__init__(
            label="Objects that belong to somebody",
            required=False,
            widget=forms.Textarea(),
            help_text="One template a line, such as uploads/{customer_id}/** or avatars/{email}.png: each becomes a "
            "data set with a row for every object, and an erasure removes objects whole.",
            validators=[check_templates],
        )
