from collections.abc import Mapping

from catalog.connectors import registry
from catalog.connectors.base import Capability, Replacement
from catalog.models import Column
from erasure.answers.models import Lifting, Mark
from erasure.correcting import CONVERT
from erasure.deciding import Decision
from erasure.finding import Estate
from erasure.keysets import KeySet
from erasure.models import Hit, SubjectRequest
from erasure.registry.models import Registration
from erasure.registry.registering import lift, register
from erasure.replacing import dump
from erasure.rights.base import CHANGE, FIRST, Right
from retention.models import Hold

EFFECT = Registration.Effect.RESTRICTED


class Restriction(Right):
    """Art. 18 GDPR: the data stay, and nothing else is done with them; until it is lifted, by the same way."""

    kind = "restriction"
    label = "Restriction"
    article = "Art. 18"
    asks = "Keep my data, but stop using them"
    way = (*FIRST, *CHANGE)
    plans = True
    done = "restricted"
    nothing_left = "restricted"

    def decide(
        self,
        request: SubjectRequest,
        estate: Estate,
        ordered: list[Hit],
        keys: Mapping[int, KeySet],
        holds: Mapping[int, Hold],
    ) -> dict[int, Decision]:
        """Rows are marked where the data set has a column for it; for all others the registry has to be asked."""
        lifting = is_lifting(request)
        marks = {mark.data_set_id: mark for mark in Mark.objects.filter(data_set__in=estate.data_sets)}
        return {
            hit.data_set_id: _decide(
                estate, hit, marks.get(hit.data_set_id), holds.get(hit.data_set_id), lifting=lifting
            )
            for hit in ordered
        }

    def done_for(self, request: SubjectRequest) -> str:
        return "restriction lifted" if is_lifting(request) else self.done

    def settle(self, request: SubjectRequest) -> None:
        """From now on whoever asks the registry is told; or is no longer."""
        if is_lifting(request):
            lift(request, effect=EFFECT)
        else:
            verified = request.identifiers.filter(verified=True)
            lookups = [(each.category, bytes(each.lookup)) for each in verified]
            register(request, lookups, effect=EFFECT)


def is_lifting(request: SubjectRequest) -> bool:
    """Whether the request is on its way back."""
    return Lifting.objects.filter(request=request, begun_at__isnull=False).exists()


def _decide(estate: Estate, hit: Hit, mark: Mark | None, hold: Hold | None, *, lifting: bool) -> Decision:
    facts = {"lifting": lifting}
    changes = Capability.CHANGE in registry.get(hit.data_set.system.kind).capabilities
    if mark is None or not changes:
        why = "no column says that a row is restricted" if mark is None else "the console cannot change it"
        reason = f"In this data set {why}: its users ask the registry."
        return Decision("withhold", reason, hold, facts=facts)
    column = next((each for each in estate.columns[hit.data_set_id] if each.name == mark.column), None)
    if column is None:
        return Decision("withhold", hold=hold, facts=facts, problems=[_gone(hit, mark)])
    value = _value(column, mark.otherwise if lifting else mark.value)
    decision = Decision("restrict", f"{mark.column} says that a row is restricted.", hold, facts=facts)
    decision.replacements = {mark.column: dump(Replacement(value))}
    return decision


def _value(column: Column, text: str) -> object:
    return CONVERT[column.kind](text) if text else None


def _gone(hit: Hit, mark: Mark) -> dict[str, str]:
    return {
        "where": str(hit.data_set),
        "message": f"The column {mark.column}, which says that a row is restricted, is gone.",
        "remedy": "Declare another one, or none, on the page of the data set's restriction.",
    }
