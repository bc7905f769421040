"""A contract as a file: our YAML, ODCS, or the JSON of our form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import yaml

from catalog.contracts.document import Document, to_plain
from catalog.contracts.odcs import to_odcs
from catalog.contracts.reading import plain_value

FORMS = {"yaml": "application/yaml", "odcs": "application/yaml", "json": "application/json"}
_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE):
    """Quotes every text that would be read back as something else, also as YAML 1.1 reads it; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    style = None if plain_value(text) == text else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def export(documents: Sequence[Document], *, form: str, status: str = "") -> str:
    """The documents as text. `form` is a key of FORMS; `status` is what ODCS says of them where nothing else does.

    Our YAML and JSON hold one document after the other, ODCS all of them as its schema objects.
    """
    if form == "odcs":
        return _yaml([to_odcs(documents, status=status)])
    plain = [to_plain(document) for document in documents]
    if form == "json":
        value = plain[0] if len(plain) == 1 else plain
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"
    return _yaml(plain)


def _yaml(values: Sequence[Any]) -> str:
    return str(
        yaml.dump_all(
            values,
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=110,
            explicit_start=len(values) > 1,
        )
    )
