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
REPLAY_LOOKED = Event(
    "replay.looked",
    "looked for registered persons in a restored copy",
    {
        "system": Fact.NAME,
        "persons": Fact.COUNT,
        "rows": Fact.COUNT,
        "newer": Fact.COUNT,
        "questions": Fact.COUNT,
        "unsearched": Fact.COUNT,
    },
)
REPLAY_ANSWERED = Event(
    "replay.answered",
    "answered whether rows of a restored copy are to be erased",
    {"data_set": Fact.NAME, "why": Fact.WORD, "rows": Fact.COUNT, "answer": Fact.WORD, "reason": Fact.TEXT},
)
REPLAY_PLANNED = Event(
    "replay.planned",
    "planned to erase again in a restored copy",
    {"fingerprint": Fact.DIGEST, "steps": Fact.COUNT, "rows": Fact.COUNT, "problems": Fact.COUNT},
)
REPLAY_STARTED = Event(
    "replay.started", "began to erase again in a restored copy", {"fingerprint": Fact.DIGEST}
)
REPLAY_OVERTAKEN = Event("replay.overtaken", "found a replay overtaken and wrote nothing", {"why": Fact.TEXT})
REPLAY_STEP_DONE = Event(
    "replay.step_done",
    "carried out a step in a restored copy",
    {"data_set": Fact.NAME, "method": Fact.WORD, "rows_before": Fact.COUNT, "rows_left": Fact.COUNT},
)
REPLAY_STEP_FAILED = Event(
    "replay.step_failed",
    "could not carry out a step in a restored copy",
    {"data_set": Fact.NAME, "method": Fact.WORD, "rows_left": Fact.COUNT, "why": Fact.TEXT},
)
REPLAYED = Event(
    "registry.replayed",
    "ran the registry against a restored copy",
    {"system": Fact.NAME, "persons": Fact.COUNT, "rows": Fact.COUNT, "left": Fact.COUNT},
)
