"""The ledger as a tiled log (C2SP tlog-tiles): what monitors and witnesses of the public formats read.

Hashes and checkpoints are for anybody with access to the ledger; entries are too, since they hold no personal value.
"""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audit.ledger import tiles
from audit.ledger.models import Checkpoint, Entry
from governance.console.permissions import allow

INDEX = re.compile(r"(?:x\d{3}/){0,5}\d{3}")
FULL = 256
YEAR = "max-age=31536000, immutable"


@allow("ledger.view")
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    latest = Checkpoint.objects.first()
    if latest is None:
        raise Http404
    return HttpResponse(
        latest.cosigned(), content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


@allow("ledger.view")
@require_safe
def tile(request: HttpRequest, level: str, path: str) -> HttpResponse:
    """Hashes of the tree; `level` is a number, or `entries` for the entries themselves, each behind its length."""
    index, width = _parsed(path)
    if level != "entries" and not re.fullmatch("[0-7]", level):
        raise Http404
    height = 0 if level == "entries" else int(level)
    start = index * FULL
    reached = _size() >> (8 * height)
    if start + width > reached or (width < FULL and start + width != reached):
        raise Http404
    body = (
        _entries(start, start + width)
        if level == "entries"
        else b"".join(tiles.hashes_at(height, start, start + width))
    )
    return HttpResponse(
        body,
        content_type="application/octet-stream",
        headers={"Cache-Control": YEAR if width == FULL else "no-store"},
    )


def _size() -> int:
    latest = Checkpoint.objects.first()
    return latest.size if latest else 0


def _entries(start: int, end: int) -> bytes:
    rows = Entry.objects.filter(number__gte=start, number__lt=end).order_by("number")
    bodies = (bytes(body) for body in rows.values_list("body", flat=True))
    return b"".join(len(body).to_bytes(2, "big") + body for body in bodies)


def _parsed(path: str) -> tuple[int, int]:
    """`x001/234` is index 1234; `.p/8` behind it asks for the first 8 of a tile that is not full."""
    name, partial, width = path.partition(".p/")
    if not INDEX.fullmatch(name) or (partial and not re.fullmatch(r"[1-9]\d{0,2}", width)):
        raise Http404
    many = int(width) if partial else FULL
    if partial and many >= FULL:
        raise Http404
    return int(name.replace("x", "").replace("/", "")), many
