"""Contracts of the catalog: proposed as drafts, put in force one at a time for each data set, and retired.

A contract in force asserts what its columns hold: labels of its own that a later version withdraws where it no
longer says so. What a person decided stays; a contract that says otherwise raises a question.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson
from django.db import transaction
from django.db.models import Q

from audit.ledger.recording import record
from catalog import events
from catalog.classification.vocabulary import CATEGORIES
from catalog.contracts.document import Document, Field, from_plain, root_of, to_plain
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.standing import find_data_set
from catalog.labelling import Revision, disagrees, settle
from catalog.lineage import propagation
from catalog.models import Column, Contract, DataSet, Label
from governance.console.models import User

DETECTOR = "contract"
MOST_VERSION = 40
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]*")  # as in our own form; other forms take any text
VERDICT_FIELDS = ("category", "sensitivity", "confidence", "contains", "questioned")
CONFIDENCE = 1.0
_LIVE = (Label.State.SUGGESTED, Label.State.CONFIRMED)


@dataclass
class Effect:
    """What putting a contract in force did to the labels of its columns."""

    added: list[Label] = field(default_factory=list)
    withdrawn: list[Label] = field(default_factory=list)
    questioned: list[str] = field(default_factory=list)  # columns whose review a contract contradicts


@transaction.atomic
def propose(document: Document, *, format: str, by: User | None = None) -> Contract:
    """Store a version as a draft; the same version with the same content again gives the one that is there.

    Raises ContractError where the catalog has no such data set, the version is none, or is there with another content.
    """
    if len(document.version) > MOST_VERSION or not VERSION.fullmatch(document.version):
        raise ContractError(
            Problem(
                f"“{document.version[:60]}” is no version.",
                f"Write up to {MOST_VERSION} letters, digits, dots, dashes and the like.",
                "version",
            )
        )
    data_set = DataSet.objects.select_for_update(of=("self",)).get(pk=find_data_set(document).pk)
    plain = to_plain(document)
    earlier = data_set.contracts.filter(version=document.version).first()
    if earlier and earlier.document == plain:
        return earlier
    if earlier:
        raise ContractError(
            Problem(
                f"Version {document.version} of {data_set} is there already, with another content.",
                "Raise the version.",
                "version",
            )
        )
    made = Contract.objects.create(
        data_set=data_set, version=document.version, document=plain, format=format, made_by=by
    )
    record(
        events.CONTRACT_PROPOSED,
        made,
        format=format,
        fields=len(document.fields),
        document=_digest(plain),
    )
    return made


@transaction.atomic
def activate(contract: Contract) -> Effect:
    """Put a draft (or an earlier version) in force in place of the one that is; its labels go onto the columns.

    Raises ContractError naming each column that the data set does not have. One in force already stays as it is.
    """
    data_set = DataSet.objects.select_for_update(of=("self",)).get(pk=contract.data_set_id)
    contract.refresh_from_db(fields=["state", "document"])
    if contract.state == Contract.State.ACTIVE:
        return Effect()
    document = from_plain(contract.document)
    columns = _locked_columns(data_set)
    _require_columns(document, columns, data_set)
    data_set.contracts.filter(state=Contract.State.ACTIVE).update(state=Contract.State.RETIRED)
    _set_state(contract, Contract.State.ACTIVE)
    effect = _relabel(columns, {item.name: item for item in document.fields}, contract)
    record(
        events.CONTRACT_ACTIVATED,
        contract,
        document=_digest(contract.document),
        labels=len(effect.added),
        withdrawn=len(effect.withdrawn),
        questioned=effect.questioned,
    )
    propagation.request()
    return effect


@transaction.atomic
def retire(contract: Contract) -> Effect:
    """Take a contract out of force without another; its labels are withdrawn. One not in force stays as it is."""
    data_set = DataSet.objects.select_for_update(of=("self",)).get(pk=contract.data_set_id)
    contract.refresh_from_db(fields=["state"])
    if contract.state != Contract.State.ACTIVE:
        return Effect()
    _set_state(contract, Contract.State.RETIRED)
    effect = _relabel(_locked_columns(data_set), {}, contract)
    record(events.CONTRACT_RETIRED, contract, withdrawn=len(effect.withdrawn))
    propagation.request()
    return effect


def _set_state(contract: Contract, state: Contract.State) -> None:
    contract.state = state
    contract.save(update_fields=["state"])


def _locked_columns(data_set: DataSet) -> list[Column]:
    return list(Column.objects.select_for_update().filter(data_set=data_set, gone_at=None).order_by("pk"))


def _require_columns(document: Document, columns: Iterable[Column], data_set: DataSet) -> None:
    names = {column.name for column in columns}
    # Of what is inside a column the catalog knows only what samples have shown.
    missing = [item.name for item in document.fields if not {item.name, root_of(item.name)} & names]
    if missing:
        raise ContractError(
            *(
                Problem(
                    f"{data_set} has no column {name}.",
                    "Take it out, or scan the system again.",
                    name,
                )
                for name in missing
            )
        )


def _relabel(columns: list[Column], declared: dict[str, Field], contract: Contract) -> Effect:
    """Add and withdraw the labels of contracts where they differ from what is declared now."""
    labels: dict[int, list[Label]] = {column.pk: [] for column in columns}
    mine = Q(origin=Label.Origin.CONTRACT, state=Label.State.REJECTED)
    for label in Label.objects.filter(Q(state__in=_LIVE) | mine, column__in=labels).order_by("made_at", "pk"):
        labels[label.column_id].append(label)
    effect, changed = Effect(), []
    for column in columns:
        revision = _revise(column, labels[column.pk], declared.get(column.name), contract)
        effect.added += revision.added
        effect.withdrawn += revision.withdrawn
        if disagrees(column, revision) and not column.questioned:
            column.questioned = True
            effect.questioned.append(column.name)
            changed.append(column)
            settle(column, revision.live)
        elif settle(column, revision.live):
            changed.append(column)
    Label.objects.filter(pk__in=[label.pk for label in effect.withdrawn]).update(state=Label.State.SUPERSEDED)
    Label.objects.bulk_create(effect.added, batch_size=1_000)
    Column.objects.bulk_update(changed, VERDICT_FIELDS, batch_size=500)
    return effect


def _revise(column: Column, labels: list[Label], item: Field | None, contract: Contract) -> Revision:
    """The label a contract gives the column, unless it is there or a person rejected it when a contract said it."""
    earlier = [label for label in labels if label.origin == Label.Origin.CONTRACT]
    live = [label for label in labels if label.state in _LIVE]
    claim = _claim(column, item, contract) if item and item.category else None
    same = [label for label in earlier if claim and _says_the_same(label, claim)]
    added = [claim] if claim and not same else []
    withdrawn = [label for label in earlier if label.state in _LIVE and label not in same]
    return Revision(added, withdrawn, [label for label in live if label not in withdrawn] + added)


def _claim(column: Column, item: Field, contract: Contract) -> Label:
    detail = f"Contract {contract.version} says that it is: {CATEGORIES[item.category].title}."
    return Label(
        column=column,
        origin=Label.Origin.CONTRACT,
        category=item.category,
        sensitivity=str(item.level),
        confidence=CONFIDENCE,
        evidence=[{"origin": "contract", "category": item.category, "detail": detail, "weight": CONFIDENCE}],
        state=Label.State.SUGGESTED,
        detector=DETECTOR,
    )


def _says_the_same(one: Label, other: Label) -> bool:
    return (one.category, one.sensitivity) == (other.category, other.sensitivity)


def _digest(plain: object) -> str:
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
