from collections.abc import Mapping, Sequence

from erasure.custodians.exempting import in_force
from erasure.deciding import Decision, decide
from erasure.finding import Estate
from erasure.keysets import KeySet
from erasure.models import Hit, Identifier, SubjectRequest
from erasure.registry.models import Registration
from erasure.registry.registering import register_all
from erasure.rights.base import CHANGE, FIRST, Right
from retention.models import Hold


class Erasure(Right):
    """Art. 17 GDPR; the right to delete of the CCPA."""

    kind = "erasure"
    label = "Erasure"
    article = "Art. 17"
    asks = "Erase the personal data you hold about me"
    way = (*FIRST, *CHANGE)
    plans = True
    together = True
    erases = True
    done = "erased"

    def decide(
        self,
        request: SubjectRequest,
        estate: Estate,
        ordered: list[Hit],
        keys: Mapping[int, KeySet],
        holds: Mapping[int, Hold],
    ) -> dict[int, Decision]:
        return decide(estate, ordered, keys, holds, in_force(request))

    def settle(self, request: SubjectRequest) -> None:
        """The registry knows the person from before the first write: nothing may bring them back."""
        self.settle_all([request])

    def settle_all(self, requests: Sequence[SubjectRequest]) -> None:
        lookups: dict[int, list[tuple[str, bytes]]] = {request.pk: [] for request in requests}
        for each in Identifier.objects.filter(request__in=lookups, verified=True):
            lookups[each.request_id].append((each.category, bytes(each.lookup)))
        register_all(
            [(request, lookups[request.pk]) for request in requests], effect=Registration.Effect.ERASED
        )
