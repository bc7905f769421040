from audit.ledger.events import Event, Fact

REGISTERED = Event(
    "registry.registered",
    "entered a person into the registry",
    {"effect": Fact.WORD, "identifiers": Fact.COUNT},
)
LIFTED = Event(
    "registry.lifted",
    "lifted an entry of the registry",
    {"effect": Fact.WORD, "identifiers": Fact.COUNT},
)
CHECKED = Event(
    "registry.checked",
    "asked who of many is registered",
    {"category": Fact.WORD, "use": Fact.WORD, "asked": Fact.COUNT, "registered": Fact.COUNT},
)
BACKUP_NOTED = Event(
    "backup.noted", "noted a backup", {"system": Fact.NAME, "made": Fact.WORD, "kept_until": Fact.WORD}
)
BACKUP_DESTROYED = Event("backup.destroyed", "confirmed that a backup is destroyed", {"evidence": Fact.TEXT})
REPLAYED = Event(
    "registry.replayed",
    "ran the registry against a restored copy",
    {"system": Fact.NAME, "persons": Fact.COUNT, "rows": Fact.COUNT, "left": Fact.COUNT},
)
