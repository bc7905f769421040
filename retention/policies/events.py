from audit.ledger.events import Event, Fact

POLICY_ADDED = Event(
    "policy.added",
    "added a retention policy",
    {
        "covers": Fact.NAME,
        "bound": Fact.WORD,
        "period": Fact.WORD,
        "then": Fact.WORD,
        "reason": Fact.TEXT,
    },
)
POLICY_RETIRED = Event("policy.retired", "retired a retention policy", {"reason": Fact.TEXT})
STANDING_GIVEN = Event("policy.standing_given", "approved a policy for all runs to come")
STANDING_TAKEN = Event("policy.standing_taken", "took back the standing approval of a policy")
TERMS_SET = Event(
    "retention.terms_set",
    "said how the age of a data set is told",
    {"tier": Fact.WORD, "tags": Fact.LIST, "age_column": Fact.NAME},
)
DUE_COUNTED = Event(
    "retention.due_counted",
    "counted what is older than its policy allows",
    {"data_sets": Fact.COUNT, "due": Fact.COUNT, "rows": Fact.COUNT, "unknown": Fact.COUNT},
)
