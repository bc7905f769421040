from erasure.answers.models import Objection as Objected
from erasure.models import SubjectRequest
from erasure.registry.models import Registration
from erasure.registry.registering import register
from erasure.rights.base import Right


class Objection(Right):
    """Art. 21 GDPR."""

    kind = "objection"
    label = "Objection"
    article = "Art. 21"
    asks = "Stop using my data for a purpose that I object to"
    way = ("received", "identity", "settled")
    searches = False
    done = "objection upheld"

    def settle(self, request: SubjectRequest) -> None:
        """For each purpose that the objection holds against, the registry says no from now on."""
        verified = request.identifiers.filter(verified=True)
        lookups = [(each.category, bytes(each.lookup)) for each in verified]
        for objection in request.objections.filter(state=Objected.State.UPHELD).select_related("activity"):
            register(request, lookups, effect=Registration.Effect.OBJECTED, purpose=objection.purpose)
