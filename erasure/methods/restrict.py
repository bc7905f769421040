from erasure.methods.anonymize import Anonymize


class Restrict(Anonymize):
    """The rows stay, and their mark says that they must not be used (Art. 18), or that they may be used again."""

    kind = "restrict"
    label = "Mark the rows"
    settles = True
    alike = False
