"""Art. 17(3) for the rows of one person: they stay, with a reason that plan, proof and letter repeat.

A legal hold covers a data set for everybody; an exception covers one request. Both leave no more than they need.
"""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.models import DataSet
from erasure.custodians import events
from erasure.custodians.models import RowExemption
from erasure.models import Plan, SubjectRequest
from erasure.requests.starting import hold_still
from erasure.requests.states import NotNow, move
from governance.console.models import User
from retention.models import Exemption

State = SubjectRequest.State
REASON_LENGTH = 250
BEFORE = (State.FOUND, State.PLANNED, State.RESIDUAL)


@transaction.atomic
def exempt(
    request: SubjectRequest,
    data_set: DataSet,
    *,
    exemption: str,
    keep_columns: Iterable[str],
    reason: str,
    by: User,
) -> RowExemption:
    """Except the rows found in `data_set`. A plan that awaits approval is overtaken: it has to be made again.

    Raises ValidationError, or NotNow for a request that is no erasure or whose plan is approved.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Give the reason in 1 to {REASON_LENGTH} characters."})
    if exemption not in Exemption.values:
        raise ValidationError({"exemption": f"Name the letter of Art. 17(3): {', '.join(Exemption.values)}."})
    kept = sorted(set(keep_columns))
    known = set(data_set.columns.filter(gone_at=None, nested_in=None).values_list("name", flat=True))
    if unknown := sorted(set(kept) - known):
        raise ValidationError({"keep_columns": f"{data_set} has no column {', '.join(unknown)}."})
    if not request.hits.filter(data_set=data_set, rows__gt=0).exists():
        raise ValidationError({"data_set": f"No rows of the person were found in {data_set}."})
    _back_to_planning(request)
    try:
        with transaction.atomic():
            made = RowExemption.objects.create(
                request=request,
                data_set=data_set,
                exemption=exemption,
                keep_columns=kept,
                reason=reason,
                made_by=by,
            )
    except IntegrityError:
        raise ValidationError(
            {"data_set": f"An exception for {data_set} is in force: withdraw it first."}
        ) from None
    record(
        events.ROWS_EXEMPTED,
        request,
        subject=request.subject,
        data_set=str(data_set),
        exemption=exemption,
        keep_columns=kept,
        reason=reason,
    )
    return made


@transaction.atomic
def withdraw(made: RowExemption, *, reason: str) -> None:
    """The rows are erased by the next plan. Raises ValidationError, NotNow."""
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Give the reason in 1 to {REASON_LENGTH} characters."})
    _back_to_planning(made.request)
    withdrawn = RowExemption.objects.filter(pk=made.pk, withdrawn_at=None).update(withdrawn_at=timezone.now())
    if not withdrawn:
        raise NotNow(f"The {made} was withdrawn before.")
    made.refresh_from_db()
    record(
        events.EXEMPTION_WITHDRAWN,
        made.request,
        subject=made.request.subject,
        data_set=str(made.data_set),
        reason=reason,
    )


def in_force(request: SubjectRequest) -> dict[int, RowExemption]:
    """By data set."""
    made = RowExemption.objects.filter(request=request, withdrawn_at=None).select_related("data_set__system")
    return {each.data_set_id: each for each in made}


def _back_to_planning(request: SubjectRequest) -> None:
    if request.kind != SubjectRequest.Kind.ERASURE:
        raise NotNow(f"{request} is no erasure: Art. 17(3) makes exceptions from erasure alone.")
    hold_still(request)
    if request.state == State.RESIDUAL:
        return  # the next step there is to search again
    # The plans first, as who approves them does: neither waits for what the other holds.
    request.plans.filter(state__in=[Plan.State.PROPOSED, Plan.State.BLOCKED]).update(
        state=Plan.State.STALE,
        decision_reason="The exceptions of Art. 17(3) changed.",
        decided_at=timezone.now(),
    )
    move(request, State.FOUND, since=[State.FOUND, State.PLANNED])
