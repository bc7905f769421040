from audit.ledger.events import Event, Fact
from retention.anonymization.events import SOUGHT

REPORT_MADE = Event(
    "report.made",
    "made a report",
    {
        "kind": Fact.WORD,
        "format": Fact.WORD,
        "entries": Fact.COUNT,  # the checkpoint it was made at, by size
        "root": Fact.DIGEST,
        "chain": Fact.DIGEST,
        "content": Fact.DIGEST,  # of what it says: the same in every form
        "sha256": Fact.DIGEST,  # of the file itself
    },
)
SCHEDULE = {
    "kind": Fact.WORD,
    "format": Fact.WORD,
    "rhythm": Fact.WORD,
    "addresses": Fact.COUNT,
    "worm": Fact.FLAG,
}
REPORT_SCHEDULED = Event("report.scheduled", "scheduled a report", SCHEDULE)
SCHEDULE_CHANGED = Event("report.schedule_changed", "changed the schedule of a report", SCHEDULE)
SCHEDULE_STOPPED = Event("report.schedule_stopped", "stopped a scheduled report", {"kind": Fact.WORD})
REPORT_SENT = Event(
    "report.sent", "sent a report", {"kind": Fact.WORD, "by": Fact.WORD, "sha256": Fact.DIGEST}
)
REPORT_NOT_SENT = Event(
    "report.not_sent",
    "could not send a report",
    {"kind": Fact.WORD, "by": Fact.WORD, "sha256": Fact.DIGEST, "attempts": Fact.COUNT, "why": Fact.WORD},
)
REPORT_NOT_MADE = Event(
    "report.not_made", "could not make a scheduled report", {"kind": Fact.WORD, "attempts": Fact.COUNT}
)
SCHEDULES_FORGOTTEN = Event(
    "report.schedules_forgotten",
    "deleted old files and addresses of scheduled reports",
    {"issues": Fact.COUNT, "schedules": Fact.COUNT},
)
# No report says anything else after these than before them.
LEAVE_ALL_AS_IT_WAS = tuple(
    event.key
    for event in (
        REPORT_MADE,
        REPORT_SCHEDULED,
        SCHEDULE_CHANGED,
        SCHEDULE_STOPPED,
        REPORT_SENT,
        REPORT_NOT_SENT,
        REPORT_NOT_MADE,
        SCHEDULES_FORGOTTEN,
        SOUGHT,  # which jobs processed a person: the question itself
    )
)
