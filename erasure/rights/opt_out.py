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
