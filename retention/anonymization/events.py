from audit.ledger.events import Event, Fact

_WHAT = {
    "destination": Fact.NAME,
    "use": Fact.WORD,
    "runner": Fact.WORD,
    "fingerprint": Fact.DIGEST,
}
REQUESTED = Event(
    "anonymization.requested",
    "asked for an anonymization",
    {**_WHAT, "contract": Fact.NAME, "rules": Fact.TABLE},
)
COMPLETED = Event(
    "anonymization.completed",
    "anonymized a data set",
    {
        **_WHAT,
        "rules": Fact.TABLE,
        "records": Fact.COUNT,
        "checks": Fact.COUNT,
        "validation": Fact.WORD,
        "output": Fact.DIGEST,
        "persons": Fact.COUNT,
    },
)
REFUSED = Event(
    "anonymization.refused",
    "found a leak in an anonymized data set and delivered nothing",
    {**_WHAT, "rules": Fact.TABLE, "columns": Fact.LIST},
)
FAILED = Event("anonymization.failed", "could not anonymize a data set", {**_WHAT, "reason": Fact.WORD})
PREVIEWED = Event(
    "anonymization.previewed",
    "looked at example rows before and after",
    {"source": Fact.NAME, "columns": Fact.LIST, "rows": Fact.COUNT, "masked": Fact.FLAG},
)
SOUGHT = Event(
    "anonymization.sought", "asked which anonymization jobs processed a person", {"jobs": Fact.COUNT}
)
RECOVERED = Event(
    "anonymization.recovered",
    "asked values of an anonymized column back",
    {
        "job": Fact.WORD,
        "column": Fact.NAME,
        "technique": Fact.WORD,
        "asked": Fact.COUNT,
        "found": Fact.COUNT,
        "reason": Fact.TEXT,
        "persons": Fact.LIST,
    },
)
RECOVERY_REFUSED = Event(
    "anonymization.recovery_refused",
    "was refused values of an anonymized column: too many in an hour",
    {"job": Fact.WORD, "column": Fact.NAME, "asked": Fact.COUNT, "reason": Fact.TEXT},
)
OUTLET_ALLOWED = Event("outlet.allowed", "allowed jobs to deliver to a system", {"inside": Fact.NAME})
OUTLET_CLOSED = Event("outlet.closed", "forbade jobs to deliver to a system", {})
SINK_ADDED = Event("sink.added", "added a receiver of completion events", {"where": Fact.NAME})
SINK_REMOVED = Event("sink.removed", "removed a receiver of completion events", {})
