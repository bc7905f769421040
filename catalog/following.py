"""Which links a search for a person follows: whether a row belongs to a person or merely points to one.

An invoice belongs to its customer. A customer only refers to their sales representative: they are a person
themselves, and many of them share one representative. A track refers to its album, which is about nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from catalog.classification.vocabulary import CATEGORIES, Sensitivity, within
from catalog.models import Column, Link, System

MANY = 1.5  # persons per referred row, on average, from which it cannot be one person's own
ENOUGH = 20  # referred rows seen, below which the ratio says nothing
_REACHING = ("contact", "demographic.birth_date")


def follow_again(system: System) -> int:
    """Decide again on every link at `system` that no person has decided; how many changed."""
    links = list(Link.objects.filter(Q(source__system=system) | Q(target__system=system), gone_at=None))
    ends = {pk for link in links for pk in (link.source_id, link.target_id)}
    columns: dict[int, list[Column]] = {}
    of_ends = Column.objects.filter(data_set__in=ends, gone_at=None)
    for column in of_ends.only("data_set_id", "name", "category", "distinct"):
        columns.setdefault(column.data_set_id, []).append(column)
    owned = {link.pk for link in owned_links(links, columns)}
    changed = []
    for link in links:
        follow = Link.Follow.OWNED if link.pk in owned else Link.Follow.REFERENCE
        if not link.decided_at and link.follow != follow:
            link.follow = follow
            changed.append(link)
    Link.objects.bulk_update(changed, ["follow"], batch_size=1_000)
    return len(changed)


def owned_links(links: Sequence[Link], columns: dict[int, list[Column]]) -> list[Link]:
    """The links whose source rows belong to the person of the target row, outward from tables about persons."""
    about = {pk for pk, of_data_set in columns.items() if is_about_persons(of_data_set)}
    owned: list[Link] = []
    about |= {link.target_id for link in links if _owns(link) and link.source_id in about}
    waiting = list(links)
    while reached := {link.pk: link for link in waiting if link.target_id in about}:
        waiting = [link for link in waiting if link.pk not in reached]
        belonging = [link for link in reached.values() if _belongs(link, columns)]
        owned += belonging
        about |= {link.source_id for link in belonging}
        about |= {link.target_id for link in links if _owns(link) and link.source_id in about}
    return owned


def _owns(link: Link) -> bool:
    """Whether somebody said that what it points to belongs to the person of the row that points: it is never guessed."""
    return bool(link.decided_at) and link.follow == Link.Follow.OWNS


def is_about_persons(columns: Iterable[Column]) -> bool:
    """Whether a row can be told to be one person's: by an identifier, or by a name and how to reach them."""
    categories = [column.category for column in columns if column.category]
    if any(CATEGORIES[key].unique for key in categories if key in CATEGORIES):
        return True
    named = any(within(key, "name") for key in categories)
    return named and any(within(key, ancestor) for key in categories for ancestor in _REACHING)


def _belongs(link: Link, columns: dict[int, list[Column]]) -> bool:
    if link.decided_at:
        return link.follow == Link.Follow.OWNED
    if link.source_id == link.target_id:
        return False  # an employee's manager, a reply to somebody's comment
    source = columns.get(link.source_id, [])
    identifying = [column for column in source if _identifies(column)]
    if not identifying:
        return True
    # A table of persons itself: unless its values show one person per referred row, it only refers. Not to follow
    # leaves rows to be found by their own identifier; to follow wrongly would erase somebody else.
    keys = max((column.distinct or 0 for column in source if column.name in link.source_columns), default=0)
    persons = max(column.distinct or 0 for column in identifying)
    return keys >= ENOUGH and 0 < persons < MANY * keys


def _identifies(column: Column) -> bool:
    """Whether different values mean different persons. A person may have several cards, accounts and addresses."""
    known = CATEGORIES.get(column.category)
    if known is None or within(column.category, "finance"):
        return False
    return known.sensitivity is Sensitivity.DIRECT and (known.unique or within(known.key, "contact.phone"))
