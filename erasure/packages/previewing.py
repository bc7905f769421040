"""What a package would hold, looked at by an officer before it is made: what is withheld, what is left out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from erasure.answers import events
from erasure.answers.models import Preview, Selection
from erasure.finding import Connections, Estate
from erasure.keysets import KeySet
from erasure.models import WITH_ROWS, Hit, SubjectRequest
from erasure.packages.others import Own, judge, learn
from erasure.packages.reading import rows_of
from erasure.packages.redacting import row_digest
from erasure.packages.sections import in_all
from erasure.requests.starting import hold_still, package
from erasure.requests.states import NotNow
from erasure.rights import right_of
from erasure.searching import known_keys, verified_identifiers
from governance.console.jobs import JobFailed, Progress
from governance.console.models import Job, User

State = SubjectRequest.State
LOOKED_AT = 5_000  # rows per data set
SHOWN = 20
LONGEST = 120  # characters of a value on the page
REASON_LENGTH = 250


def make_preview(request: SubjectRequest) -> Iterator[Progress]:
    """Look for other persons in the first rows of each data set and propose what to withhold. Yields per data set.

    Earlier decisions are forgotten: they were about other rows. Raises JobFailed if a system does not answer.
    """
    if not right_of(request.kind).packages or request.state != State.FOUND:
        raise JobFailed(f"{request} is {request.get_state_display().lower()}: there is nothing to look at.")
    hits = list(request.hits.filter(WITH_ROWS | Q(accessed__gt=0)).select_related("data_set__system"))
    keys, verified = known_keys(request), verified_identifiers(request)
    own = Own.of(value for values in verified.values() for value in values)
    total = 2 * len(hits)
    try:
        with Connections() as connections:
            estate = Estate.load(connections)
            for number, hit in enumerate(sorted(hits, key=lambda hit: hit.depth)):
                if hit.depth == 0:
                    learn(own, _first_rows(estate, hit, keys), estate.columns[hit.data_set_id], verified)
                yield Progress(number, total, hit.data_set.name)
            selections = []
            for number, hit in enumerate(hits):
                selections.append(_selection(request, estate, hit, keys, own))
                yield Progress(len(hits) + number, total, hit.data_set.name)
    except ConnectorError as problem:
        raise JobFailed(f"What was found could not be read. {problem}") from problem
    _store(request, own, selections)
    yield Progress(total, total)


@transaction.atomic
def decide(
    selection: Selection,
    *,
    included: bool,
    columns: Mapping[str, str],
    left_out: Iterable[str] = (),
    reason: str = "",
    by: User | None = None,
) -> None:
    """What the package holds of one data set. Raises ValidationError, NotNow once it is released."""
    _refuse_if_released(selection.preview)
    reason = reason.strip()
    if len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Give the reason in at most {REASON_LENGTH} characters."})
    known = {row["digest"] for row in selection.sample}
    rows = sorted(set(left_out) | (set(selection.left_out) - known))
    if set(left_out) - known - set(selection.left_out):
        raise ValidationError({"left_out": "Only rows of the preview can be left out: look at it again."})
    unknown = sorted(set(columns) - set(selection.columns))
    if unknown:
        raise ValidationError({"columns": f"{selection.data_set} has no column {', '.join(unknown)}."})
    wrong = sorted(set(columns.values()) - set(Selection.Choice.values))
    if wrong:
        raise ValidationError({"columns": f"A choice is one of {', '.join(Selection.Choice.values)}."})
    if (not included or rows) and not reason:
        raise ValidationError(
            {"reason": "Say why it, or rows of it, are left out: the ledger keeps the reason."}
        )
    for name, choice in columns.items():
        selection.columns[name]["choice"] = choice
    selection.included, selection.left_out, selection.reason, selection.decided_by = (
        included,
        rows,
        reason,
        by,
    )
    selection.save()
    record(
        events.SELECTION_DECIDED,
        selection.preview.request,
        subject=selection.preview.request.subject,
        data_set=str(selection.data_set),
        included=included,
        withheld=selection.withheld,
        rows_left_out=len(rows),
        reason=reason,
    )


@transaction.atomic
def release(request: SubjectRequest, *, by: User | None) -> Job:
    """The second gate: the package is made as the preview now says. Raises NotNow."""
    hold_still(request)
    request.refresh_from_db()
    preview = preview_of(request)
    _refuse_if_released(preview)
    Preview.objects.filter(pk=preview.pk).update(released_at=timezone.now(), released_by=by)
    selections = list(preview.selections.select_related("data_set__system"))
    record(
        events.PREVIEW_RELEASED,
        request,
        subject=request.subject,
        data_sets=sum(selection.included for selection in selections),
        left_out=[str(selection.data_set) for selection in selections if not selection.included],
        withheld=sum(len(selection.withheld) for selection in selections),
    )
    return package(request)


def preview_of(request: SubjectRequest) -> Preview:
    """Raises NotNow where nothing has been looked at yet."""
    preview = Preview.objects.filter(request=request).first()
    if preview is None or request.state != State.FOUND:
        raise NotNow(f"{request} has no preview now: search for the person first.")
    return preview


def forget(request: SubjectRequest) -> None:
    """Destroy what the preview keeps of the person; the decisions stay."""
    Preview.objects.filter(request=request).update(sealed_own=None)
    Selection.objects.filter(preview__request=request).update(sealed_sample=None)


def _refuse_if_released(preview: Preview) -> None:
    preview.refresh_from_db()
    if preview.released_at:
        raise NotNow("This was released already. To decide anew, search again.")


def _first_rows(estate: Estate, hit: Hit, keys: dict[int, KeySet]) -> pa.Table:
    """The first rows, in one table."""
    names = [column.name for column in estate.columns[hit.data_set_id]]
    connector = estate.connections.to(hit.data_set.system)
    tables, taken = [], 0
    rows = rows_of(connector, hit.data_set, keys[hit.data_set_id].all, names, expected=in_all(hit))
    for table in rows:
        tables.append(table.slice(0, LOOKED_AT - taken))
        taken += table.num_rows
        if taken >= LOOKED_AT:
            break
    if not tables:
        return pa.table({name: pa.nulls(0, pa.string()) for name in names})
    return pa.concat_tables(tables, promote_options="permissive")


def _selection(
    request: SubjectRequest, estate: Estate, hit: Hit, keys: dict[int, KeySet], own: Own
) -> Selection:
    rows, columns = _first_rows(estate, hit, keys), estate.columns[hit.data_set_id]
    found = judge(own, rows, columns)
    right = right_of(request.kind)
    selection = Selection(data_set=hit.data_set, rows=in_all(hit), looked_at=rows.num_rows)
    selection.reason = right.why_not_given(hit.data_set)
    selection.included = not selection.reason
    for position, column in enumerate(columns):
        entry = found.get(column.name, {"why": "", "others": 0})
        withheld = "" if entry["others"] else right.why_withheld(column)
        choice = Selection.Choice.OTHERS if entry["others"] else Selection.Choice.GIVE
        if withheld:
            choice, entry = Selection.Choice.REDACT, {"why": withheld, "others": 0}
        selection.columns[column.name] = {"choice": choice.value, "position": position, **entry}
    selection.sample_rows = [_shown(row) for row in rows.slice(0, SHOWN).to_pylist()]  # type: ignore[attr-defined]
    return selection


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    cells = {name: "" if value is None else str(value)[:LONGEST] for name, value in row.items()}
    return {"digest": row_digest(row), "cells": cells}


@transaction.atomic
def _store(request: SubjectRequest, own: Own, selections: list[Selection]) -> None:
    Preview.objects.filter(request=request).delete()
    preview = Preview(request=request)
    preview.set_own(sorted(own.values))
    preview.save()
    for selection in selections:
        selection.preview = preview
        selection.set_sample(selection.sample_rows)  # type: ignore[attr-defined]
    Selection.objects.bulk_create(selections)
    record(
        events.PREVIEW_MADE,
        request,
        subject=request.subject,
        data_sets=len(selections),
        proposed=sum(len(selection.withheld) for selection in selections),
    )
