from audit.ledger.events import Event, Fact

ASSESSMENT_REQUESTED = Event(
    "assessment.requested",
    "asked for the risk of a data set",
    {"data_set": Fact.NAME, "quasi": Fact.LIST, "sensitive": Fact.NAME, "targets": Fact.LIST},
)
ASSESSMENT_MADE = Event(
    "assessment.made",
    "measured the risk of a data set",
    {"rows": Fact.COUNT, "k": Fact.COUNT, "unique_rows": Fact.COUNT, "met": Fact.FLAG},
)
HIERARCHY_IMPORTED = Event(
    "hierarchy.imported",
    "imported a generalization hierarchy",
    {"values": Fact.COUNT, "levels": Fact.COUNT, "digest": Fact.DIGEST},
)
# What a hierarchy misses tells what a column holds: whoever brings one may test a guess, and see values.
HIERARCHY_COMPARED = Event(
    "hierarchy.compared",
    "compared a hierarchy with the values of a column",
    {"column": Fact.NAME, "missing": Fact.COUNT, "shown": Fact.COUNT, "masked": Fact.FLAG},
)
HIERARCHY_REMOVED = Event("hierarchy.removed", "removed a generalization hierarchy")
