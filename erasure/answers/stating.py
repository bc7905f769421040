"""What a request for rectification says: what is wrong, what is right, and what the person wants added (Art. 16)."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from audit.ledger.recording import record
from catalog.classification.vocabulary import CATEGORIES
from erasure.answers import events
from erasure.answers.models import Correction, Statement
from erasure.models import Plan, SubjectRequest
from erasure.requests.intake import EMAIL, MAX_LENGTH
from erasure.requests.starting import change_what_is_sought, hold_still, refuse_while_in_force
from erasure.requests.states import NotNow, move
from governance.console.models import User

State = SubjectRequest.State
MOST = 20
STATEMENT_LENGTH = 4_000


@transaction.atomic
def state(
    request: SubjectRequest, *, category: str, wrong: str, right: str, by: User | None = None
) -> Correction:
    """One thing that is wrong, and what is right. An open plan is overtaken by it. Raises ValidationError, NotNow."""
    _open(request)
    wrong, right = wrong.strip(), right.strip()
    if category not in CATEGORIES:
        raise ValidationError({"category": f"There is no category {category}."})
    for name, value in (("wrong", wrong), ("right", right)):
        if not value or len(value) > MAX_LENGTH or "\x00" in value:
            raise ValidationError({name: f"This has 1 to {MAX_LENGTH} characters."})
    if wrong == right:
        raise ValidationError({"right": "What is right is the same as what is wrong."})
    if category == EMAIL:
        try:
            validate_email(right)
        except ValidationError:
            raise ValidationError({"right": "This is not an e-mail address."}) from None
    if request.corrections.count() >= MOST:
        raise ValidationError(f"At most {MOST} things are corrected by one request.")
    correction = Correction(request=request, category=category, stated_by=by)
    correction.set_values(wrong=wrong, right=right)
    correction.save()
    _overtake(request)
    record(events.CORRECTION_STATED, request, subject=request.subject, category=category)
    return correction


@transaction.atomic
def withdraw(correction: Correction) -> None:
    """Take it back. Raises NotNow."""
    request = correction.request
    _open(request)
    category = correction.category
    correction.delete()
    _overtake(request)
    record(events.CORRECTION_WITHDRAWN, request, subject=request.subject, category=category)


@transaction.atomic
def note_statement(request: SubjectRequest, *, text: str) -> None:
    """The person's supplementary statement, in place of an earlier one. Raises ValidationError, NotNow."""
    _open(request)
    text = text.strip()
    if not text or len(text) > STATEMENT_LENGTH or "\x00" in text:
        raise ValidationError({"text": f"A statement has 1 to {STATEMENT_LENGTH} characters."})
    statement = Statement.objects.filter(request=request).first() or Statement(request=request)
    statement.set_text(text)
    statement.save()
    record(events.STATEMENT_NOTED, request, subject=request.subject)


def _open(request: SubjectRequest) -> None:
    hold_still(request)
    request.refresh_from_db()
    if request.kind != SubjectRequest.Kind.RECTIFICATION:
        raise NotNow(f"{request} is no request for rectification.")
    if request.ended:
        raise NotNow(f"{request} is {request.get_state_display().lower()}.")
    refuse_while_in_force(request)


def _overtake(request: SubjectRequest) -> None:
    """A plan that does not know of it must not be approved, and none is made of it in the name of somebody else."""
    change_what_is_sought(request)
    stale = request.plans.filter(state__in=[Plan.State.PROPOSED, Plan.State.BLOCKED])
    stale.update(state=Plan.State.STALE, decision_reason="What is to be corrected has changed.")
    if request.state == State.PLANNED:
        move(request, State.FOUND, since=[State.PLANNED])
