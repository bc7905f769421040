"""How a row was reached, hop by hop: from the column an identifier stands in, along the links."""

from collections.abc import Iterable

from erasure.models import Hit

ARROW = " → "


def with_routes(hits: Iterable[Hit]) -> list[tuple[Hit, list[list[str]]]]:
    """Each hit with the ways that led to it, each a list of hops for `ui/route.html`."""
    hits = list(hits)
    return [(hit, [_hops(route, hit, hits) for route in hit.routes]) for hit in hits]


def _hops(route: str, hit: Hit, hits: list[Hit]) -> list[str]:
    """The hops of one route, behind those that led to where it starts."""
    if ARROW not in route:
        return [f"{hit.data_set.name}.{route}" if " = " in route else route]
    hops = route.split(ARROW)
    start = next((h for h in hits if h.depth < hit.depth and hops[0].startswith(f"{h.data_set.name}.")), None)
    return [*(_hops(start.routes[0], start, hits) if start and start.routes else []), *hops]
