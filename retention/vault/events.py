from audit.ledger.events import Event, Fact

KEY_CREATED = Event("key.created", "made a key", {"kms": Fact.WORD, "wrapped_by": Fact.NAME})
KEY_ROTATED = Event(
    "key.rotated", "rotated a key", {"version": Fact.COUNT, "kms": Fact.WORD, "wrapped_by": Fact.NAME}
)
VAULT_REKEYED = Event(
    "vault.rekeyed",
    "re-keyed the vault",
    {
        "kms": Fact.WORD,
        "wrapped_by": Fact.NAME,
        "versions": Fact.COUNT,
        "person_keys": Fact.COUNT,
        "tokens": Fact.COUNT,
        "under_old_versions": Fact.COUNT,
    },
)
TOKENS_ISSUED = Event("tokens.issued", "asked for tokens", {"values": Fact.COUNT})
TOKENS_RESOLVED = Event(
    "tokens.resolved",
    "asked values back",
    {
        "domain": Fact.NAME,
        "asked": Fact.COUNT,
        "found": Fact.COUNT,
        "reason": Fact.TEXT,
        "persons": Fact.LIST,
    },
)
TOKENS_REFUSED = Event(
    "tokens.refused",
    "was refused values: too many in an hour",
    {"domain": Fact.NAME, "asked": Fact.COUNT, "reason": Fact.TEXT},
)
SHRED_ASKED = Event(
    "shred.proposed",
    "proposed to shred a person",
    {"tokens": Fact.COUNT, "keys": Fact.COUNT, "reason": Fact.TEXT},
)
SHRED_APPROVED = Event("shred.approved", "approved shredding", {"tokens": Fact.COUNT, "keys": Fact.COUNT})
SHRED_REJECTED = Event("shred.rejected", "rejected shredding", {"reason": Fact.TEXT})
PERSON_SHREDDED = Event(
    "person.shredded",
    "shredded a person in the vault",
    {"tokens": Fact.COUNT, "keys": Fact.COUNT, "remaining": Fact.COUNT},
)
