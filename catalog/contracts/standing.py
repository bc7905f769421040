"""A data set as the catalog knows it now: to hold a contract against it, and to write a first contract from it."""

from __future__ import annotations

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.connectors.base import Kind
from catalog.contracts.checking import Breach, check
from catalog.contracts.document import Document, Field, from_plain
from catalog.contracts.loading import Loaded
from catalog.contracts.observing import SURE
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.seen import Observed, Seen
from catalog.models import Column, Contract, DataSet

SHOWN = 5


def find_data_set(document: Document) -> DataSet:
    """The data set a document is about: by its whole name, or by the last part of it where only one has that.

    Raises ContractError naming those it may mean.
    """
    present = DataSet.objects.select_related("system").filter(gone_at=None)
    if document.system:
        present = present.filter(system__name=document.system)
    found = list(present.filter(name=document.name)[: SHOWN + 1])
    if not found:
        last = document.name.rpartition("/")[2].rpartition(".")[2]
        found = list(present.filter(name__iendswith=f".{last}")[: SHOWN + 1])
        found = [each for each in found if each.name.casefold().endswith(document.name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(map(str, found[:SHOWN]))
        raise ContractError(Problem(f"{document.name} may be one of: {several}.", "Write the whole name."))
    raise ContractError(
        Problem(
            f"The catalog has no data set {document.data_set}.",
            "Connect and scan its system first, or correct dataset.system and dataset.name.",
            "dataset",
        )
    )


def present_columns(data_set: DataSet) -> list[Column]:
    return list(data_set.columns.filter(gone_at=None).order_by("position", "pk"))


def observe_catalog(data_set: DataSet) -> Observed:
    """The columns as the catalog has them. What nobody reviewed counts where the scan is sure of it."""
    return Observed(str(data_set), tuple(_seen(column) for column in present_columns(data_set)))


def standing(contract: Contract) -> list[Breach]:
    """Where the catalog, as it is now, breaks the contract."""
    return check(Loaded(from_plain(contract.document), "yaml"), observed=observe_catalog(contract.data_set))


def drafted(data_set: DataSet) -> Document:
    """A first contract: what the catalog knows of the data set. Retention, uses and owner are for people to say."""
    activities = list(data_set.activities.all())
    return Document(
        version="0.1.0",
        name=data_set.name,
        system=data_set.system.name,
        purposes=tuple(dict.fromkeys(activity.purpose for activity in activities)),
        fields=tuple(_field(column) for column in present_columns(data_set)),
    )


def _seen(column: Column) -> Seen:
    confirmed = column.state == Column.State.CONFIRMED
    sure = confirmed or column.confidence >= SURE
    return Seen(
        column.name,
        column.data_type,
        Kind(column.kind),
        nullable=None if column.nested_in_id else column.nullable,
        category=column.category if sure and column.category in CATEGORIES else "",
        why="confirmed by a person" if confirmed else f"a scan is {column.confidence:.0%} sure",
        contains=tuple(key for key in column.contains if key in CATEGORIES) if not _cleared(column) else (),
    )


def _cleared(column: Column) -> bool:
    """Whether a person said that it is not personal, whatever occurs inside."""
    return column.state == Column.State.CONFIRMED and column.sensitivity == Sensitivity.NONE


def _field(column: Column) -> Field:
    known = CATEGORIES.get(column.category)
    own = column.sensitivity if known and column.sensitivity != known.sensitivity else ""
    return Field(
        column.name,
        "" if column.nested_in_id else column.data_type,
        nullable=column.nullable,
        unique=column.unique,
        category=column.category if known else "",
        sensitivity=own,
    )
