from audit.ledger.events import Event, Fact

SYSTEM_ADDED = Event("system.added", "registered a system", {"kind": Fact.WORD, "region": Fact.NAME})
SYSTEM_CHANGED = Event("system.changed", "changed a system's settings", {"fields": Fact.LIST})
SYSTEM_REMOVED = Event("system.removed", "removed a system from the catalog", {"data_sets": Fact.COUNT})
SYSTEM_TESTED = Event("system.tested", "tested the connection to a system", {"reached": Fact.FLAG})
SYSTEM_CRAWLED = Event(
    "system.crawled",
    "read the structure of a system",
    {"data_sets": Fact.COUNT, "columns": Fact.COUNT, "links": Fact.COUNT, "changes": Fact.COUNT},
)
SYSTEM_SCANNED = Event(
    "system.scanned",
    "scanned a system for personal data",
    {"data_sets": Fact.COUNT, "columns": Fact.COUNT, "problems": Fact.COUNT},
)
COLUMNS_REVIEWED = Event(
    "columns.reviewed",
    "decided on the classification of columns",
    {"decision": Fact.WORD, "columns": Fact.TABLE},  # of column, category, sensitivity
)
LINK_DECLARED = Event("link.declared", "declared a link between data sets", {"follow": Fact.WORD})
LINK_CHANGED = Event("link.changed", "decided whether a link is followed", {"follow": Fact.WORD})
LINK_REMOVED = Event("link.removed", "removed a declared link")
ACTIVITIES_ASSIGNED = Event(
    "data_set.activities_assigned", "said which activities use a data set", {"activities": Fact.LIST}
)
