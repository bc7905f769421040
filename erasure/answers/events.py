from audit.ledger.events import Event, Fact

PREVIEW_MADE = Event(
    "preview.made",
    "looked for other persons in what a package would hold",
    {"data_sets": Fact.COUNT, "proposed": Fact.COUNT},
)
PREVIEW_READ = Event("preview.read", "read what a package would hold")
SELECTION_DECIDED = Event(
    "selection.decided",
    "decided what a package holds of a data set",
    {
        "data_set": Fact.NAME,
        "included": Fact.FLAG,
        "withheld": Fact.LIST,
        "rows_left_out": Fact.COUNT,
        "reason": Fact.TEXT,
    },
)
PREVIEW_RELEASED = Event(
    "preview.released",
    "released what a package will hold",
    {"data_sets": Fact.COUNT, "left_out": Fact.LIST, "withheld": Fact.COUNT},
)
LINK_ISSUED = Event(
    "package.link_issued", "issued a link to a package", {"recipient": Fact.WORD, "controller": Fact.NAME}
)
NOTICE_CHANGED = Event("notice.changed", "changed what packages say", {"fields": Fact.LIST})
CORRECTION_STATED = Event("correction.stated", "stated what is to be corrected", {"category": Fact.WORD})
CORRECTION_WITHDRAWN = Event(
    "correction.withdrawn", "took back what was to be corrected", {"category": Fact.WORD}
)
STATEMENT_NOTED = Event("statement.noted", "noted a supplementary statement of the person")
MARK_DECLARED = Event(
    "restriction_mark.declared",
    "declared the column that says that a row is restricted",
    {"data_set": Fact.NAME, "column": Fact.NAME},
)
MARK_REMOVED = Event(
    "restriction_mark.removed",
    "took back which column says that a row is restricted",
    {"data_set": Fact.NAME},
)
LIFTING_TOLD = Event(
    "restriction.lifting_told",
    "told the person that the restriction will be lifted",
    {"on": Fact.WORD, "reason": Fact.TEXT},
)
LIFTING_BEGUN = Event("restriction.lifting_begun", "began to lift a restriction")
OBJECTION_ENTERED = Event("objection.entered", "entered what a person objects to", {"purpose": Fact.NAME})
OBJECTION_DECIDED = Event(
    "objection.decided",
    "decided on an objection",
    {"purpose": Fact.NAME, "decision": Fact.WORD, "reason": Fact.TEXT},
)
RIGHT_SETTLED = Event(
    "right.settled", "carried out what was asked for", {"effect": Fact.WORD, "purposes": Fact.LIST}
)
