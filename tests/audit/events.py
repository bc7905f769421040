"""Events that tests record."""

from audit.ledger.events import Event, Fact

COUNTED = Event("test.counted", "counted in a test", {"how_many": Fact.COUNT, "note": Fact.TEXT})
TOLD = Event("test.told", "told in a test", {"detail": Fact.SEALED})
EVERYTHING = Event(
    "test.everything",
    "used every kind of fact",
    {
        "a_count": Fact.COUNT,
        "a_flag": Fact.FLAG,
        "a_word": Fact.WORD,
        "a_name": Fact.NAME,
        "a_text": Fact.TEXT,
        "a_digest": Fact.DIGEST,
        "a_person": Fact.PERSON,
        "a_list": Fact.LIST,
        "a_table": Fact.TABLE,
    },
)
PERSON = "person:" + "0123456789abcdef" * 2
SAMPLES = {
    Fact.COUNT: 7,
    Fact.FLAG: True,
    Fact.WORD: "done",
    Fact.NAME: "public.invoice",
    Fact.TEXT: "As counsel advised – § 147",
    Fact.DIGEST: "ab" * 32,
    Fact.PERSON: PERSON,
    Fact.LIST: ["one", "two"],
    Fact.TABLE: [{"column": "total", "rows": 3}],
    Fact.SEALED: "Came in person",
}


def sample_facts(event):
    """A value of the declared kind for each fact of `event`."""
    return {name: SAMPLES[kind] for name, kind in event.facts.items()}
