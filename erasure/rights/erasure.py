from collections.abc import Mapping

from erasure.custodians.exempting import in_force
from erasure.deciding import Decision, decide
from erasure.finding import Estate
from erasure.keysets import KeySet
from erasure.models import Hit, SubjectRequest
from erasure.registry.models import Registration
from erasure.registry.registering import register
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
        verified = request.identifiers.filter(verified=True)
        lookups = [(each.category, bytes(each.lookup)) for each in verified]
        register(request, lookups, effect=Registration.Effect.ERASED)
