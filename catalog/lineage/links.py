"""The addresses of a drawing in other states: one more data set opened or closed, all columns or the telling ones."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

MOST = 50  # data sets opened in one address


def numbers(text: str) -> list[int]:
    """The primary keys in `1,2,3`, each once, in their order; what is no number is left out."""
    parts = (part.strip() for part in text.split(",")[: 2 * MOST])
    return list(dict.fromkeys(int(part) for part in parts if part.isdecimal() and len(part) < 19))[:MOST]


@dataclass(frozen=True, slots=True)
class DrawingLinks:
    """The state of one drawing, and the ways out of it."""

    data_set: int
    expand: list[int]
    all_columns: bool

    def opening(self, data_set: int) -> str:
        return self._url([*self.expand, data_set], self.all_columns)

    def closing(self, data_set: int) -> str:
        return self._url([pk for pk in self.expand if pk != data_set], self.all_columns)

    @property
    def other_columns(self) -> str:
        return self._url(self.expand, not self.all_columns)

    def _url(self, expand: list[int], all_columns: bool) -> str:
        query = {"expand": ",".join(map(str, dict.fromkeys(expand)))} if expand else {}
        query |= {"columns": "all"} if all_columns else {}
        path = reverse("catalog:data_set_lineage", args=[self.data_set])
        return f"{path}?{urlencode(query, safe=',')}" if query else path
