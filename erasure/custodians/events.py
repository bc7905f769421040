from audit.ledger.events import Event, Fact

TASK_GIVEN = Event(
    "task.given",
    "asked somebody to carry out a step",
    {"whom": Fact.NAME, "way": Fact.WORD, "due": Fact.WORD, "plan": Fact.COUNT, "step": Fact.COUNT},
)
TASK_SENT = Event("task.sent", "sent a task by webhook", {"attempts": Fact.COUNT})
TASK_NOT_SENT = Event(
    "task.not_sent", "gave up sending a task by webhook", {"attempts": Fact.COUNT, "problem": Fact.TEXT}
)
TASK_REMINDED = Event("task.reminded", "reminded of a task", {"reminders": Fact.COUNT, "due": Fact.WORD})
TASK_IDENTIFIERS_REVEALED = Event("task.identifiers_revealed", "read in clear whom a task is about")
TASK_CONFIRMED = Event(
    "task.confirmed",
    "confirmed a task",
    {"state": Fact.WORD, "way": Fact.WORD, "evidence": Fact.LIST},
)
TASK_REFUSED = Event("task.refused", "refused a task", {"exemption": Fact.WORD, "way": Fact.WORD})
TASK_DELAYED = Event("task.delayed", "asked for more time for a task", {"until": Fact.WORD, "way": Fact.WORD})
NOTICE_IMPOSSIBLE = Event(
    "task.notice_impossible",
    "declared that a recipient cannot be told, or only with disproportionate effort",
    {"reason": Fact.TEXT},
)
EVIDENCE_READ = Event("task.evidence_read", "downloaded the evidence of a task", {"sha256": Fact.DIGEST})
EVIDENCE_DESTROYED = Event("task.evidence_destroyed", "destroyed evidence and notes", {"tasks": Fact.COUNT})
WEBHOOK_SET = Event("webhook.set", "set a webhook", {"whom": Fact.NAME, "host": Fact.NAME})
WEBHOOK_TESTED = Event("webhook.tested", "tested a webhook", {"host": Fact.NAME, "answered": Fact.FLAG})
WEBHOOK_REMOVED = Event("webhook.removed", "removed a webhook", {"whom": Fact.NAME})
RECIPIENT_ADDED = Event("recipient.added", "added a recipient", {"kind": Fact.WORD, "region": Fact.WORD})
RECIPIENT_CHANGED = Event("recipient.changed", "changed a recipient", {"fields": Fact.LIST})
RECIPIENT_ENDED = Event("recipient.ended", "took a recipient out of the register")
RECIPIENTS_NAMED = Event(
    "request.recipients_named", "told a person who received their data", {"recipients": Fact.LIST}
)
ROWS_EXEMPTED = Event(
    "exemption.made",
    "excepted rows of a person from erasure",
    {"data_set": Fact.NAME, "exemption": Fact.WORD, "keep_columns": Fact.LIST, "reason": Fact.TEXT},
)
EXEMPTION_WITHDRAWN = Event(
    "exemption.withdrawn", "withdrew an exception from erasure", {"data_set": Fact.NAME, "reason": Fact.TEXT}
)
