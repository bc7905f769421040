from collections.abc import Iterable, Mapping, Sequence

from catalog.models import DataSet
from erasure.custodians.asking import tell_recipient
from erasure.custodians.models import Recipient, Task
from erasure.custodians.registering import recipients_of
from erasure.custodians.standing import answered, outcome_of
from erasure.measures.base import Measure, Outcome, Planned, Turn
from erasure.measures.earlier import OWED, changed_earlier
from erasure.models import Step

UNCHANGED = ("keep", "leave")


class Notify(Measure):
    """Art. 19 GDPR: whoever received the data is told of the erasure, rectification or restriction, and confirms."""

    kind = "notify"
    label = "Tell the recipient"
    turn = Turn.LAST

    def drafts(self, planned: Sequence[Planned]) -> list[list[Step]]:
        earlier = changed_earlier(each.request for each in planned)
        now = [_changed(each.rows) for each in planned]
        ever = [
            changed + _changed(earlier.get(each.request.pk, ()))
            for each, changed in zip(planned, now, strict=True)
        ]
        receiving = recipients_of(data_set for data_sets in ever for data_set in data_sets)
        told = answered((each.request for each in planned), by="recipient") if receiving else set()
        return [
            [
                Step(
                    target=str(recipient)[:200],
                    facts={"recipient": recipient.pk, "data_sets": names}
                    | ({} if any(recipient in receiving[each] for each in changing) else {OWED: True}),
                )
                for recipient, names in _by_recipient(changed, receiving).items()
                if (each.request.pk, recipient.pk) not in told
            ]
            for each, changing, changed in zip(planned, now, ever, strict=True)
        ]

    def execute(self, step: Step) -> Outcome:
        recipient = Recipient.objects.get(pk=step.facts["recipient"])
        return outcome_of(tell_recipient(step, recipient, data_sets=step.facts["data_sets"]))

    def check(self, step: Step) -> Outcome:
        return outcome_of(Task.objects.select_related("request", "recipient", "system").get(step=step))


def _by_recipient(
    data_sets: Iterable[DataSet], receiving: Mapping[DataSet, Sequence[Recipient]]
) -> dict[Recipient, list[str]]:
    """Who receives data from any of these, and the names of those from which they do."""
    found: dict[Recipient, set[str]] = {}
    for data_set in data_sets:
        for recipient in receiving[data_set]:
            found.setdefault(recipient, set()).add(str(data_set))
    return {
        recipient: sorted(found[recipient])
        for recipient in sorted(found, key=lambda each: (each.name, each.pk))
    }


def _changed(rows: Sequence[Step]) -> list[DataSet]:
    return [step.data_set for step in rows if step.data_set and step.method not in UNCHANGED]
