"""May this person's data be used for that purpose? Asked for many at once; answers by their keyed hashes."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from erasure.registry.models import Registration
from erasure.requests.clock import add_months

Lookup = tuple[str, bytes]  # category and keyed hash, as `governance.keyring.lookups.lookup_of` makes it
ASK_AGAIN_MONTHS = 12  # Cal. Civ. Code 1798.135(c)(4)


def effects_on(lookups: Iterable[Lookup], purpose: str = "") -> dict[Lookup, frozenset[str]]:
    """What the registry says of each person, in one query: erased, restricted, objected, opted out; often nothing.

    With `purpose`, objections to other purposes are left out; without, any objection counts.
    """
    asked = {(category, bytes(lookup)) for category, lookup in lookups}
    found: dict[Lookup, set[str]] = {}
    for registration in _in_force({lookup for _, lookup in asked}, purpose):
        key = (registration.category, bytes(registration.lookup))
        if key in asked:
            found.setdefault(key, set()).add(registration.effect)
    return {key: frozenset(found.get(key, ())) for key in asked}


def restricted(lookups: Iterable[Lookup]) -> set[Lookup]:
    """Whose rows may be stored and nothing else: neither erased by age nor anonymized (Art. 18(1)(b) and (c), 18(2))."""
    effects = effects_on(lookups)
    return {key for key, said in effects.items() if Registration.Effect.RESTRICTED in said}


def may_be_asked_again(lookups: Iterable[Lookup]) -> date | None:
    """The first day on which somebody who opted out may be asked to opt in; None if nobody of them has opted out."""
    hashes = [bytes(lookup) for _, lookup in lookups]
    latest = (
        Registration.objects.filter(lookup__in=hashes, effect=Registration.Effect.OPTED_OUT, lifted_at=None)
        .order_by("-since")
        .first()
    )
    return add_months(latest.since.date(), ASK_AGAIN_MONTHS) if latest else None


def _in_force(hashes: set[bytes], purpose: str) -> Iterable[Registration]:
    rows = Registration.objects.filter(lookup__in=hashes, lifted_at=None).order_by()
    return rows.filter(Q(purpose="") | Q(purpose=purpose)) if purpose else rows
