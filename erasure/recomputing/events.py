from audit.ledger.events import Event, Fact

DECLARED = Event(
    "recomputing.declared",
    "declared how a data set is recomputed",
    {"source": Fact.NAME, "columns": Fact.LIST, "query": Fact.DIGEST},
)
APPROVED = Event(
    "recomputing.approved",
    "approved how a data set is recomputed",
    {"source": Fact.NAME, "query": Fact.DIGEST},
)
REMOVED = Event("recomputing.removed", "removed how a data set is recomputed")
RECOMPUTED = Event(
    "recomputing.recomputed",
    "recomputed a data set",
    {"source": Fact.NAME, "rows": Fact.COUNT, "differing": Fact.COUNT},
)
CONFIRMED_ANONYMOUS = Event(
    "recomputing.confirmed_anonymous",
    "confirmed that derived data are anonymous",
    {"smallest_group": Fact.COUNT, "reason": Fact.TEXT},
)
ANONYMOUS_WITHDRAWN = Event("recomputing.anonymous_withdrawn", "withdrew that derived data are anonymous")
