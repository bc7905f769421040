"""Restriction (Art. 18): which column of a data set says that a row is restricted, and how a restriction ends."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import Kind
from catalog.models import DataSet
from erasure.answers import events
from erasure.answers.models import Lifting, Mark
from erasure.correcting import CONVERT
from erasure.events import REQUEST_COMPLETED
from erasure.models import SubjectRequest
from erasure.registry.models import Registration
from erasure.requests.letters import send_letter
from erasure.requests.starting import hold_still, search
from erasure.requests.states import NotNow, move
from erasure.rights import right_of
from governance.console.models import User

State = SubjectRequest.State
MARKABLE = (Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN)
REASON_LENGTH = 250


@transaction.atomic
def declare_mark(
    data_set: DataSet, *, column: str, value: str, otherwise: str = "", by: User | None = None
) -> Mark:
    """Say which column marks restricted rows, what it then holds, and what when lifted (empty: null).

    Raises ValidationError for a column that is not there, is a key, or cannot hold these values.
    """
    found = data_set.columns.filter(name=column, gone_at=None, nested_in=None).first()
    if found is None:
        raise ValidationError({"column": f"{data_set} has no column {column}."})
    if column in data_set.primary_key or found.generated:
        raise ValidationError({"column": f"{column} is a key, or computed: it cannot be a mark."})
    if found.kind not in MARKABLE:
        raise ValidationError(
            {"column": f"{column} is {found.data_type}: a mark is a text, a number or a yes or no."}
        )
    if not otherwise and not found.nullable:
        raise ValidationError({"otherwise": f"{column} may not be empty: say what it holds otherwise."})
    for name, text in (("value", value), ("otherwise", otherwise)):
        if (name == "value" and not text) or (text and not _fits(found, text)):
            raise ValidationError({name: f"{column} ({found.data_type}) cannot hold this."})
    if value == otherwise:
        raise ValidationError({"otherwise": "A mark that is the same for all rows says nothing."})
    mark, _ = Mark.objects.update_or_create(
        data_set=data_set,
        defaults={"column": column, "value": value, "otherwise": otherwise, "declared_by": by},
    )
    record(events.MARK_DECLARED, mark, data_set=str(data_set), column=column)
    return mark


@transaction.atomic
def remove_mark(mark: Mark) -> None:
    """From now on the registry alone says who of this data set is restricted."""
    record(events.MARK_REMOVED, mark, data_set=str(mark.data_set))
    mark.delete()


@transaction.atomic
def tell_lifting(request: SubjectRequest, *, reason: str, on: date, by: User | None = None) -> Lifting:
    """Tell the person that the restriction ends, why, and on which day (Art. 18(3)). Raises ValidationError, NotNow."""
    hold_still(request)
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Give the reason in 1 to {REASON_LENGTH} characters."})
    if on <= timezone.localdate():
        raise ValidationError({"on": "The person is told before it is lifted: name a day to come."})
    if not in_force(request):
        raise NotNow(f"Nothing is restricted by {request} now.")
    lifting, _ = Lifting.objects.update_or_create(
        request=request, defaults={"reason": reason, "on": on, "told_at": timezone.now(), "told_by": by}
    )
    record(events.LIFTING_TOLD, request, subject=request.subject, on=on.isoformat(), reason=reason)
    transaction.on_commit(lambda: send_letter(request, "restriction_lifted", reason=reason, on=on))
    return lifting


@transaction.atomic
def begin_lifting(request: SubjectRequest) -> None:
    """Go the way back: search, plan, approval, marks and entries taken back. Raises NotNow before the day told."""
    hold_still(request)
    lifting = Lifting.objects.filter(request=request, begun_at=None).first()
    if lifting is None or not in_force(request):
        raise NotNow(f"The person of {request} has to be told first that the restriction will be lifted.")
    if timezone.localdate() < lifting.on:
        raise NotNow(f"The person was told that it is lifted on {lifting.on:%-d %B %Y}, and not before.")
    lifting.begun_at = timezone.now()
    lifting.save(update_fields=["begun_at"])
    record(events.LIFTING_BEGUN, request, subject=request.subject)
    if request.hits.filter(rows__gt=0).exists():
        move(request, State.VERIFIED, since=[State.COMPLETE], outcome="", closed_at=None)
        search(request)
        return
    right = right_of(request.kind)
    right.settle(request)
    outcome = right.done_for(request)
    move(request, State.COMPLETE, since=[State.COMPLETE], outcome=outcome)
    record(REQUEST_COMPLETED, request, subject=request.subject, outcome=outcome)


def in_force(request: SubjectRequest) -> bool:
    """Whether the request is carried out and still restricts something."""
    if request.kind != SubjectRequest.Kind.RESTRICTION or request.state != State.COMPLETE:
        return False
    restricted = Registration.objects.filter(request=request.reference, lifted_at=None)
    return restricted.filter(effect=Registration.Effect.RESTRICTED).exists()


def _fits(column: object, text: str) -> bool:
    longest = column.max_length  # type: ignore[attr-defined]
    try:
        CONVERT[column.kind](text)  # type: ignore[attr-defined]
    except (ValueError, KeyError):
        return False
    return not longest or len(text) <= longest
