"""What each part of the estate offers the test: to be filled, connected, and read without a connector of ours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from catalog.crawling import crawl
from catalog.models import Column, DataSet, Link, System
from tests.erasure.everywhere.people import Person

NUMBER = ("id.customer", "pseudonymous")
EMAIL = ("contact.email", "direct")
PHONE = ("contact.phone", "direct")
NAME = ("name.full", "direct")
STREET = ("contact.address.street", "direct")
IP = ("online.ip", "pseudonymous")
CARD = ("finance.card", "direct")
TEXT = ("content.free_text", "quasi")
Labels = Mapping[str, Mapping[str, tuple[str, str]]]  # by data set and column
Rows = dict[str, list[Any]]


class Store(ABC):
    """One part of the estate."""

    kind: str
    name: str
    labels: Labels
    texts: Mapping[str, str] = {}  # by data set, the column in whose texts e-mail addresses stand

    @abstractmethod
    def fill(self, people: Sequence[Person]) -> None:
        """Write everybody."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Of its connector."""

    @abstractmethod
    def rows(self) -> Rows:
        """All rows with their types, in a stable order, by the name of the table or file."""

    @abstractmethod
    def raw(self) -> Iterator[tuple[str, bytes]]:
        """All bytes it keeps, by where they are."""

    def connect(self) -> System:
        """In the catalog, crawled and reviewed: what has no label is confirmed to hold nothing personal."""
        system = System.objects.create(name=self.name, kind=self.kind, region="EU")
        system.set_settings(self.settings())
        system.save()
        with system.connect() as connector:
            crawl(system, connector)
        columns = Column.objects.filter(data_set__system=system)
        columns.update(category="none.operational", sensitivity="none", state=Column.State.CONFIRMED)
        for data_set, labels in self.labels.items():
            for column, (category, sensitivity) in labels.items():
                changed = columns.filter(data_set__name=self.address(data_set), name=column).update(
                    category=category, sensitivity=sensitivity
                )
                assert changed == 1, (
                    self.name,
                    data_set,
                    column,
                    list(columns.values_list("data_set__name", "name")),
                )
        for data_set, column in self.texts.items():
            columns.filter(data_set__name=self.address(data_set), name=column).update(contains=[EMAIL[0]])
        Link.objects.filter(source__system=system).update(follow=Link.Follow.OWNED, decided_at=timezone.now())
        return system

    def address(self, data_set: str) -> str:
        """What the catalog calls it."""
        return data_set

    def data_set(self, name: str) -> DataSet:
        return DataSet.objects.get(system__name=self.name, name=self.address(name))

    def stop(self) -> None:  # noqa: B027 (most have nothing to give back)
        """Give back what it has open."""
