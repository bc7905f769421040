from audit.ledger.events import Event, Fact

HOLD_PLACED = Event(
    "hold.placed",
    "placed a legal hold",
    {"exemption": Fact.WORD, "keep_columns": Fact.LIST, "until": Fact.WORD, "reason": Fact.TEXT},
)
HOLD_RELEASED = Event("hold.released", "released a legal hold", {"reason": Fact.TEXT})
