from audit.ledger.events import Event, Fact

BUDGET_SET = Event(
    "budget.set",
    "set a privacy budget",
    {
        "limit": Fact.WORD,
        "delta": Fact.WORD,
        "period": Fact.WORD,
        "accounting": Fact.WORD,
        "person": Fact.NAME,
        "reason": Fact.TEXT,
    },
)
STATISTIC_ASKED = Event(
    "statistic.asked",
    "charged a privacy budget for a statistic",
    {
        "kind": Fact.WORD,
        "amount": Fact.WORD,
        "columns": Fact.LIST,
        "person": Fact.NAME,  # the column that tells persons apart; empty: each row was declared to be one
        "fingerprint": Fact.DIGEST,
    },
)
STATISTIC_REFUSED = Event(
    "statistic.refused",
    "was refused a statistic: the privacy budget does not suffice",
    {"amount": Fact.WORD, "left": Fact.WORD, "fingerprint": Fact.DIGEST},
)
STATISTIC_RELEASED = Event(
    "statistic.released",
    "released a statistic with noise",
    {"kind": Fact.WORD, "amount": Fact.WORD, "groups": Fact.COUNT, "fingerprint": Fact.DIGEST},
)
CHARGE_RETURNED = Event(
    "statistic.charge_returned",
    "gave back a charge that no noise was drawn for",
    {"amount": Fact.WORD, "reason": Fact.TEXT},
)
TRUE_VALUES_SEEN = Event(
    "statistic.true_values_seen", "looked at the true values behind a statistic", {"reason": Fact.TEXT}
)
ALLOTMENT_MADE = Event(
    "allotment.made",
    "shared out a privacy budget to a training run",
    {"amount": Fact.WORD, "delta": Fact.WORD, "accountant": Fact.WORD},
)
ALLOTMENT_DRAWN = Event(
    "allotment.drawn",
    "drew from an allotment for training",
    {"steps": Fact.COUNT, "noise_multiplier": Fact.WORD, "sampling_rate": Fact.WORD, "total": Fact.WORD},
)
ALLOTMENT_REFUSED = Event(
    "allotment.refused",
    "was refused a draw: the allotment does not suffice",
    {"steps": Fact.COUNT, "noise_multiplier": Fact.WORD, "sampling_rate": Fact.WORD, "total": Fact.WORD},
)
ALLOTMENT_CLOSED = Event("allotment.closed", "closed an allotment", {"given_back": Fact.FLAG})
