from audit.ledger.events import Event, Fact

LEDGER_VERIFIED = Event(
    "ledger.verified",
    "checked the whole ledger",
    {"intact": Fact.FLAG, "entries": Fact.COUNT, "chain": Fact.DIGEST},
)
