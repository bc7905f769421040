from erasure.rights.base import FIRST, Right


class Portability(Right):
    """Art. 20 GDPR: what the person has provided, in a structured, machine-readable form."""

    kind = "portability"
    label = "Portability"
    article = "Art. 20"
    asks = "My data in a form that I can take to another provider"
    way = (*FIRST, "package")
    packages = True
