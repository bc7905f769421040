from collections.abc import Sequence

from catalog.models import DataSet
from erasure.custodians.asking import tell_recipient
from erasure.custodians.models import Recipient, Task
from erasure.custodians.registering import recipients_of
from erasure.custodians.standing import outcome_of
from erasure.measures.base import Measure, Outcome, Turn
from erasure.measures.earlier import OWED, changed_earlier
from erasure.models import Step, SubjectRequest

UNCHANGED = ("keep", "leave")


class Notify(Measure):
    """Art. 19 GDPR: whoever received the data is told of the erasure, rectification or restriction, and confirms."""

    kind = "notify"
    label = "Tell the recipient"
    turn = Turn.LAST

    def drafts(self, request: SubjectRequest, rows: Sequence[Step]) -> list[Step]:
        changed, before = _changed(rows), _changed(changed_earlier(request))
        now = recipients_of(changed)
        ever = recipients_of([*changed, *before]) if before else now
        if not ever:
            return []
        told = set(
            Task.objects.filter(request=request, recipient__isnull=False)
            .exclude(state__in=Task.OPEN)
            .values_list("recipient", flat=True)
        )
        return [
            Step(
                target=str(recipient)[:200],
                facts={"recipient": recipient.pk, "data_sets": names}
                | ({} if recipient in now else {OWED: True}),
            )
            for recipient, names in ever.items()
            if recipient.pk not in told
        ]

    def execute(self, step: Step) -> Outcome:
        recipient = Recipient.objects.get(pk=step.facts["recipient"])
        return outcome_of(tell_recipient(step, recipient, data_sets=step.facts["data_sets"]))

    def check(self, step: Step) -> Outcome:
        return outcome_of(Task.objects.select_related("request", "recipient", "system").get(step=step))


def _changed(rows: Sequence[Step]) -> list[DataSet]:
    return [step.data_set for step in rows if step.data_set and step.method not in UNCHANGED]
