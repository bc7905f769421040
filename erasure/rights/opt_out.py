from erasure.models import SubjectRequest
from erasure.registry.models import Registration
from erasure.registry.registering import register
from erasure.rights.base import Right


class OptOut(Right):
    """Opt-out of sale and sharing (CCPA/CPRA, 11 CCR 7026): asked for, done; nobody has to prove who they are."""

    kind = "opt out"
    label = "Opt-out of sale and sharing"
    article = "11 CCR 7026"
    asks = "Do not sell or share my personal information"
    way = ("received", "settled")
    needs_identity = False
    searches = False
    done = "opted out"

    def settle(self, request: SubjectRequest) -> None:
        """All identifiers given, verified or not: a wrong one costs nobody a right."""
        lookups = [(each.category, bytes(each.lookup)) for each in request.identifiers.all()]
        register(request, lookups, effect=Registration.Effect.OPTED_OUT)
