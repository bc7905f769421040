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
VALUES_SEEN = Event(
    "column.values_seen",
    "looked at sample values of a column",
    {"masked": Fact.FLAG, "values": Fact.COUNT, "reason": Fact.WORD},
)
LOCALIZATION_RULED = Event("localization.ruled", "said in which regions data may lie", {"regions": Fact.LIST})
LOCALIZATION_RULE_REMOVED = Event("localization.rule_removed", "removed a rule about regions")
SAFEGUARD_PUT = Event(
    "safeguard.put",
    "recorded a safeguard for transfers",
    {"kind": Fact.WORD, "receiver": Fact.NAME},
)
SAFEGUARD_WITHDRAWN = Event("safeguard.withdrawn", "withdrew a safeguard for transfers")
LINK_DECLARED = Event("link.declared", "declared a link between data sets", {"follow": Fact.WORD})
LINK_CHANGED = Event("link.changed", "decided whether a link is followed", {"follow": Fact.WORD})
LINK_REMOVED = Event("link.removed", "removed a declared link")
ACTIVITIES_ASSIGNED = Event(
    "data_set.activities_assigned", "said which activities use a data set", {"activities": Fact.LIST}
)
LABELS_PROPAGATED = Event(
    "labels.propagated",
    "carried labels along lineage",
    {"added": Fact.COUNT, "withdrawn": Fact.COUNT, "questioned": Fact.COUNT},
)
LINEAGE_DECLARED = Event(
    "lineage.declared",
    "declared where the content of a column goes",
    {"kind": Fact.WORD, "subtype": Fact.WORD, "masking": Fact.FLAG},
)
LINEAGE_REMOVED = Event("lineage.removed", "removed a declared edge of lineage")
CONTRACT_PROPOSED = Event(
    "contract.proposed",
    "proposed a version of a contract",
    {"format": Fact.WORD, "fields": Fact.COUNT, "document": Fact.DIGEST},
)
CONTRACT_ACTIVATED = Event(
    "contract.activated",
    "put a contract in force",
    {"document": Fact.DIGEST, "labels": Fact.COUNT, "withdrawn": Fact.COUNT, "questioned": Fact.LIST},
)
CONTRACT_RETIRED = Event("contract.retired", "took a contract out of force", {"withdrawn": Fact.COUNT})
LINEAGE_NAMED = Event(
    "lineage.named",
    "got to know data sets from lineage",
    {"data_sets": Fact.COUNT, "systems": Fact.LIST},
)
LINEAGE_MERGED = Event("lineage.merged", "found that two names mean one data set", {"was": Fact.NAME})
LINEAGE_RECEIVED = Event(
    "lineage.received",
    "received events of lineage",
    {"events": Fact.COUNT, "edges_changed": Fact.FLAG, "labels": Fact.COUNT},
)
LINEAGE_EXPIRED = Event(
    "lineage.expired",
    "deleted events of lineage that were kept long enough",
    {"events": Fact.COUNT, "days": Fact.COUNT},
)
LINEAGE_READ = Event(
    "lineage.read",
    "read lineage out of SQL",
    {"files": Fact.COUNT, "flows": Fact.COUNT, "problems": Fact.COUNT},
)
