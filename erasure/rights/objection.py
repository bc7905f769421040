from erasure.rights.base import Right


class Objection(Right):
    """Art. 21 GDPR."""

    kind = "objection"
    label = "Objection"
    article = "Art. 21"
    asks = "Stop using my data for a purpose that I object to"
    way = ("received", "identity", "settled")
    searches = False
