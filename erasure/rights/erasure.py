from collections.abc import Mapping

from erasure.custodians.exempting import in_force
from erasure.deciding import Decision, decide
from erasure.finding import Estate
from erasure.keysets import KeySet
from erasure.models import Hit, SubjectRequest
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
