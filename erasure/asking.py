"""The questions of a search that stopped, and the officer's answers, which the next search goes by."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.doubting import Accepted, Doubt
from erasure.models import Question, SubjectRequest
from erasure.requests.starting import change_what_is_sought
from erasure.requests.states import NotNow, move
from governance.console.models import User

State = SubjectRequest.State
Answer = Question.Answer
LENGTH = 300


def stop(request: SubjectRequest, doubts: list[Doubt], *, since: Iterable[str]) -> None:
    """Ask, in the caller's transaction: the request waits, searched for but not found. Raises NotNow."""
    for doubt in doubts:
        Question.objects.update_or_create(
            request=request,
            data_set=doubt.data_set,
            category=doubt.category,
            defaults={
                "column": doubt.column[:400],
                "rows": doubt.rows,
                "of_rows": doubt.of_rows,
                "numbering": doubt.numbering,
                "values": doubt.values,
                "asked_at": timezone.now(),
                "answer": "",
            },
        )
    problem = f"The search stopped to ask whose the rows in {len(doubts)} data sets are: answer below."
    if len(doubts) == 1:
        problem = f"The search stopped to ask whose the rows in {doubts[0].data_set} are: answer below."
    move(request, State.VERIFIED, since=since, problem=problem[:500])
    record(events.SEARCH_STOPPED, request, subject=request.subject, questions=len(doubts))


@transaction.atomic
def answer(question: Question, *, answer: str, reason: str, by: User) -> Question:
    """Say whether the rows are the person's; the next search goes by it.

    Raises ValidationError without a reason, NotNow if it was answered already or a job is at work.
    """
    reason = reason.strip()
    if answer not in Answer.values:
        raise ValidationError({"answer": f"Choose one of: {', '.join(Answer.values)}."})
    if not reason or len(reason) > LENGTH:
        raise ValidationError({"reason": f"Give the reason, in at most {LENGTH} characters."})
    change_what_is_sought(question.request)
    answered = Question.objects.filter(pk=question.pk, answer="").update(
        answer=answer, reason=reason, answered_by=by, answered_at=timezone.now()
    )
    if not answered:
        raise NotNow(
            "This question is answered already. If the answer was wrong, reject the request or search again."
        )
    question.refresh_from_db()
    record(
        events.QUESTION_ANSWERED,
        question.request,
        subject=question.request.subject,
        data_set=str(question.data_set),
        category=question.category,
        answer=answer,
        reason=reason,
    )
    return question


def answers_to(requests: Iterable[SubjectRequest], answer: str) -> dict[int, Accepted]:
    """The (data set, category) so answered, by request."""
    found: dict[int, set[tuple[int, str]]] = {request.pk: set() for request in requests}
    for question in Question.objects.filter(request__in=found, answer=answer):
        found[question.request_id].add((question.data_set_id, question.category))
    return {pk: frozenset(these) for pk, these in found.items()}


def excluded(request: SubjectRequest) -> list[Accepted]:
    """Where the identifiers of the one request are not looked for, as `seeds_from` takes it."""
    return [answers_to([request], Answer.EXCLUDED)[request.pk]]
