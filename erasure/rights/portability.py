from catalog.models import Column, DataSet
from erasure.rights.base import FIRST, Right
from governance.activities.models import LawfulBasis

BASES = (LawfulBasis.CONSENT, LawfulBasis.CONTRACT)


class Portability(Right):
    """Art. 20 GDPR: what the person has provided, in a structured, machine-readable form."""

    kind = "portability"
    label = "Portability"
    article = "Art. 20"
    asks = "My data in a form that I can take to another provider"
    way = (*FIRST, "package")
    packages = True
    to_read = False
    transmits = True

    def why_not_given(self, data_set: DataSet) -> str:
        """Art. 20(1): provided by the person, and processed on consent or a contract."""
        if not any(activity.lawful_basis in BASES for activity in data_set.activities.all()):
            return "No activity on it is based on consent or a contract, Art. 20(1)(a)."
        if data_set.edges_in.filter(gone_at=None).exclude(source=data_set).exists():
            return "It is made from other data sets, not provided by the person, Art. 20(1)."
        return ""

    def why_withheld(self, column: Column) -> str:
        return "Computed by the store, not provided by the person" if column.generated else ""
