from erasure.rights.base import FIRST, Right


class Access(Right):
    """Art. 15 GDPR; the right to know of the CCPA."""

    kind = "access"
    label = "Access"
    article = "Art. 15"
    asks = "A copy of the personal data you hold about me"
    way = (*FIRST, "package")
    packages = True
