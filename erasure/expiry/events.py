from audit.ledger.events import Event, Fact

RUN_PLANNED = Event(
    "expiry.planned",
    "planned what is due",
    {
        "data_set": Fact.NAME,
        "policy": Fact.NAME,
        "before": Fact.WORD,
        "rows": Fact.COUNT,
        "fingerprint": Fact.DIGEST,
        "problems": Fact.COUNT,
        "standing": Fact.FLAG,
    },
)
RUN_STARTED = Event("expiry.started", "began to carry out what is due", {"fingerprint": Fact.DIGEST})
RUN_OVERTAKEN = Event("expiry.overtaken", "found a run overtaken and wrote nothing more", {"why": Fact.TEXT})
EXPIRY_STEP_DONE = Event(
    "expiry.step_done",
    "carried out a step of a run",
    {
        "data_set": Fact.NAME,
        "method": Fact.WORD,
        "rows_before": Fact.COUNT,
        "rows_changed": Fact.COUNT,
        "rows_left": Fact.COUNT,
    },
)
EXPIRY_STEP_FAILED = Event(
    "expiry.step_failed",
    "could not carry out a step of a run",
    {"data_set": Fact.NAME, "method": Fact.WORD, "rows_left": Fact.COUNT, "why": Fact.TEXT},
)
RUN_ENDED = Event("expiry.ended", "ended a run", {"outcome": Fact.WORD, "rows_left": Fact.COUNT})
