from audit.ledger.events import Event, Fact

STREAM_STARTED = Event(
    "stream.started",
    "started to anonymize a topic",
    {"source": Fact.NAME, "output": Fact.NAME, "dead": Fact.NAME, "rules": Fact.DIGEST},
)
STREAM_STOPPED = Event(
    "stream.stopped",
    "stopped anonymizing a topic",
    {
        "source": Fact.NAME,
        "read": Fact.COUNT,
        "written": Fact.COUNT,
        "set_aside": Fact.COUNT,
        "missed": Fact.COUNT,
    },
)
