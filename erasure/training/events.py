from audit.ledger.events import Event, Fact

SET_ADDED = Event("training.set_added", "added a training set", {"category": Fact.WORD, "purpose": Fact.TEXT})
VERSION_ADDED = Event(
    "training.version_added",
    "registered a version of a training set",
    {
        "sha256": Fact.DIGEST,
        "rows": Fact.COUNT,
        "persons": Fact.COUNT,
        "left_out": Fact.COUNT,
        "without_consent": Fact.COUNT,
        "method": Fact.TEXT,
        "consent_digest": Fact.DIGEST,
    },
)
MODEL_TRAINED = Event(
    "training.model_trained", "trained a model", {"training_set": Fact.NAME, "version": Fact.COUNT}
)
TRAINING_REFUSED = Event(
    "training.refused",
    "was refused to train on a version",
    {"model": Fact.NAME, "excluded": Fact.COUNT},
)
EXCLUDED = Event(
    "training.excluded",
    "excluded a person from a training set",
    {"version": Fact.COUNT, "models": Fact.LIST},
)
