from audit.ledger.events import Event, Fact

REQUEST_RECEIVED = Event(
    "request.received",
    "received a request",
    {"kind": Fact.WORD, "channel": Fact.WORD, "regime": Fact.WORD, "due": Fact.WORD},
)
REQUEST_REPEATED = Event("request.repeated", "received the same request again", {"channel": Fact.WORD})
IDENTITY_LINK_SENT = Event(
    "request.identity_link_sent", "sent a link or code to prove identity", {"method": Fact.WORD}
)
IDENTITY_VERIFIED = Event(
    "request.identity_verified", "verified the identity", {"method": Fact.WORD, "note": Fact.SEALED}
)
IDENTIFIER_ADDED = Event("request.identifier_added", "added an identifier", {"category": Fact.WORD})
IDENTIFIERS_REVEALED = Event("request.identifiers_revealed", "read the identifiers of a request in clear")
REQUEST_EXTENDED = Event(
    "request.extended", "extended the deadline", {"due": Fact.WORD, "reason": Fact.SEALED}
)
REQUEST_REJECTED = Event("request.rejected", "rejected a request", {"reason": Fact.SEALED})
PERSON_SEARCHED = Event(
    "person.searched",
    "searched for a person",
    {
        "data_sets_searched": Fact.COUNT,
        "data_sets_with_rows": Fact.COUNT,
        "rows": Fact.COUNT,
        "unsearched": Fact.COUNT,
    },
)
SEARCH_STOPPED = Event(
    "person.search_stopped", "stopped a search to ask whose the rows are", {"questions": Fact.COUNT}
)
QUESTION_ANSWERED = Event(
    "question.answered",
    "answered whose rows are",
    {"data_set": Fact.NAME, "category": Fact.WORD, "answer": Fact.WORD, "reason": Fact.TEXT},
)
PACKAGE_MADE = Event(
    "package.made", "made the package of an access request", {"rows": Fact.COUNT, "sha256": Fact.DIGEST}
)
PACKAGE_READ = Event("package.read", "downloaded a package", {"sha256": Fact.DIGEST})
PACKAGE_EXPIRED = Event("package.expired", "deleted a package that had expired", {"sha256": Fact.DIGEST})
PLAN_MADE = Event(
    "plan.made",
    "made a plan",
    {"fingerprint": Fact.DIGEST, "steps": Fact.COUNT, "rows": Fact.COUNT, "problems": Fact.COUNT},
)
PLAN_APPROVED = Event("plan.approved", "approved a plan", {"fingerprint": Fact.DIGEST})
PLAN_REJECTED = Event("plan.rejected", "rejected a plan", {"fingerprint": Fact.DIGEST, "reason": Fact.TEXT})
PLAN_OVERTAKEN = Event("plan.overtaken", "found a plan overtaken and wrote nothing", {"why": Fact.TEXT})
PLAN_STARTED = Event("plan.started", "began to carry out a plan", {"fingerprint": Fact.DIGEST})
STEP_DONE = Event(
    "step.done",
    "carried out a step",
    {
        "plan": Fact.COUNT,
        "data_set": Fact.NAME,
        "method": Fact.WORD,
        "columns": Fact.LIST,
        "rows_before": Fact.COUNT,
        "rows_after": Fact.COUNT,
    },
)
STEP_FAILED = Event(
    "step.failed",
    "could not carry out a step",
    {"plan": Fact.COUNT, "data_set": Fact.NAME, "method": Fact.WORD, "rows_left": Fact.COUNT},
)
PERSON_SHREDDED_BY_PLAN = Event(
    "person.shredded_by_plan",
    "destroyed the tokens and keys of a person",
    {"tokens": Fact.COUNT, "keys": Fact.COUNT},
)
STEP_WAITING = Event(
    "step.waiting",
    "carried out a step that now waits",
    {
        "plan": Fact.COUNT,
        "data_set": Fact.NAME,
        "method": Fact.WORD,
        "rows_left": Fact.COUNT,
        "waits_for": Fact.TEXT,
        "until": Fact.WORD,
    },
)
ERASURE_VERIFIED_AGAIN = Event(
    "erasure.verified_again",
    "searched again days after an erasure",
    {"days": Fact.COUNT, "data_sets_searched": Fact.COUNT, "rows_left": Fact.COUNT, "where": Fact.LIST},
)
DATA_CAME_BACK = Event(
    "request.data_came_back",
    "reopened a completed request: data came back",
    {"rows": Fact.COUNT, "where": Fact.LIST},
)
REQUEST_WAITING = Event("request.waiting", "left a request to wait", {"waits_for": Fact.TEXT})
ERASURE_VERIFIED = Event(
    "erasure.verified",
    "searched again after an erasure",
    {"data_sets_searched": Fact.COUNT, "rows_left": Fact.COUNT, "where": Fact.LIST},
)
REQUEST_COMPLETED = Event("request.completed", "completed a request", {"outcome": Fact.WORD})
KEYS_DESTROYED = Event("request.keys_destroyed", "destroyed what was kept of the person of a closed request")
