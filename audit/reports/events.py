from audit.ledger.events import Event, Fact

REPORT_MADE = Event(
    "report.made",
    "made a report",
    {
        "kind": Fact.WORD,
        "format": Fact.WORD,
        "entries": Fact.COUNT,  # the checkpoint it was made at, by size
        "root": Fact.DIGEST,
        "chain": Fact.DIGEST,
        "content": Fact.DIGEST,  # of what it says: the same in every form
        "sha256": Fact.DIGEST,  # of the file itself
    },
)
# No report says anything else after these than before them.
LEAVE_ALL_AS_IT_WAS = (REPORT_MADE.key,)
