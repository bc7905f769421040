from erasure.rights.base import CHANGE, FIRST, Right


class Rectification(Right):
    """Art. 16 GDPR; the right to correct of the CCPA."""

    kind = "rectification"
    label = "Rectification"
    article = "Art. 16"
    asks = "Correct personal data about me that are wrong"
    way = (*FIRST, *CHANGE)
    plans = True
