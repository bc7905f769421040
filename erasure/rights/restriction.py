from erasure.rights.base import CHANGE, FIRST, Right


class Restriction(Right):
    """Art. 18 GDPR: the data stay, and nothing else is done with them."""

    kind = "restriction"
    label = "Restriction"
    article = "Art. 18"
    asks = "Keep my data, but stop using them"
    way = (*FIRST, *CHANGE)
    plans = True
