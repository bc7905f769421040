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
