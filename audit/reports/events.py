from audit.ledger.events import Event, Fact

REPORT_MADE = Event(
    "report.made",
    "made a report",
    {
        "kind": Fact.WORD,
        "format": Fact.WORD,
        "entries": Fact.COUNT,  # the checkpoint it was made at
        "chain": Fact.DIGEST,
        "sha256": Fact.DIGEST,  # of the file itself
    },
)
