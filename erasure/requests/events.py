from audit.ledger.events import Event, Fact

REQUEST_ACKNOWLEDGED = Event("request.acknowledged", "acknowledged a request")
REQUEST_PAUSED = Event("request.paused", "paused the clock of a request", {"reason": Fact.SEALED})
REQUEST_RESUMED = Event(
    "request.resumed", "let the clock of a request go on", {"days": Fact.COUNT, "due": Fact.WORD}
)
REQUEST_REOPENED = Event(
    "request.reopened", "took a request up again", {"due": Fact.WORD, "reason": Fact.SEALED}
)
APPEAL_RECEIVED = Event("request.appealed", "received an appeal", {"due": Fact.WORD})
APPEAL_DECIDED = Event(
    "request.appeal_decided", "decided an appeal", {"decision": Fact.WORD, "reason": Fact.SEALED}
)
REQUEST_ASSIGNED = Event("request.assigned", "gave a request to an officer", {"officer": Fact.NAME})
REQUEST_EXPEDITED = Event("request.expedited", "put a request first, or back in line", {"first": Fact.FLAG})
REQUEST_DUPLICATE = Event(
    "request.duplicate", "closed a request as the duplicate of another", {"other": Fact.NAME}
)
NOTE_WRITTEN = Event("request.note_written", "wrote a note on a request", {"kind": Fact.WORD})
FILE_ADDED = Event(
    "request.file_added",
    "attached a file to a request",
    {"type": Fact.WORD, "size": Fact.COUNT, "sha256": Fact.DIGEST},
)
FILE_READ = Event("request.file_read", "downloaded a file of a request", {"sha256": Fact.DIGEST})
FILE_REMOVED = Event("request.file_removed", "removed a file of a request", {"sha256": Fact.DIGEST})
LETTER_WRITTEN = Event(
    "request.letter_written", "wrote a letter", {"letter": Fact.WORD, "language": Fact.WORD}
)
LETTER_SENT = Event("request.letter_sent", "sent a letter", {"letter": Fact.WORD})
LETTER_NOT_SENT = Event(
    "request.letter_not_sent", "gave a letter up", {"letter": Fact.WORD, "attempts": Fact.COUNT}
)
LETTER_TEXT_CHANGED = Event(
    "letter_text.changed", "changed the text of a letter", {"letter": Fact.WORD, "language": Fact.WORD}
)
LETTER_TEXT_RESTORED = Event(
    "letter_text.restored", "took back the text of a letter", {"letter": Fact.WORD, "language": Fact.WORD}
)
REQUEST_FORGOTTEN = Event(
    "request.forgotten",
    "deleted a request whose time was up",
    {"kind": Fact.WORD, "regime": Fact.WORD, "rejected": Fact.FLAG},
)
REQUEST_WITHDRAWN = Event("request.withdrawn", "withdrew a request", {"by": Fact.WORD})
IDENTITY_REMINDED = Event("request.identity_reminded", "reminded somebody to confirm a request")
MESSAGE_RECEIVED = Event("request.message_received", "received a message of the person")
REQUESTS_IMPORTED = Event(
    "requests.imported",
    "took requests over from a file",
    {"sha256": Fact.DIGEST, "received": Fact.COUNT, "repeated": Fact.COUNT},
)
AGENT_ASKED = Event(
    "request.agent_asked",
    "received a request from an agent",
    {"authority": Fact.WORD},
)
AGENT_CONFIRMED = Event(
    "request.agent_confirmed",
    "confirmed an agent of a request",
    {"authority": Fact.WORD, "answer_to": Fact.WORD},
)
AGENT_REFUSED = Event("request.agent_refused", "said that an agent had no permission")
PROOF_READ = Event("request.proof_read", "read what entitles an agent", {"sha256": Fact.DIGEST})
