from audit.ledger.events import Event, Fact

BUSINESS_SET = Event(
    "protocols.business_set",
    "set how the controller is known in the Data Rights Protocol",
    {"voluntary_regime": Fact.WORD},
)
AGENT_REGISTERED = Event(
    "agent.registered", "registered an authorized agent", {"key": Fact.DIGEST, "vouches": Fact.FLAG}
)
AGENT_CHANGED = Event("agent.changed", "changed an authorized agent", {"fields": Fact.LIST})
AGENT_ENDED = Event("agent.ended", "ended an authorized agent: its token opens nothing any more")
AGENT_PAIRED = Event("agent.paired", "gave an authorized agent a token")
CONTROLLER_REGISTERED = Event("controller.registered", "registered a controller that sends by OpenDSR")
CONTROLLER_TOKEN_RENEWED = Event("controller.token_renewed", "gave a controller a new token")
CONTROLLER_ENDED = Event("controller.ended", "ended a controller: its token opens nothing any more")
MESSAGE_TAKEN = Event(
    "protocol.message_taken",
    "took a request by protocol",
    {
        "protocol": Fact.WORD,
        "sender": Fact.NAME,
        "asked": Fact.WORD,
        "regime": Fact.WORD,
        "joined": Fact.FLAG,
    },
)
MESSAGE_DENIED = Event(
    "protocol.message_denied",
    "denied a request by protocol at once",
    {"sender": Fact.NAME, "asked": Fact.WORD, "regime": Fact.WORD, "reason": Fact.WORD},
)
REQUEST_WITHDRAWN = Event(
    "protocol.request_withdrawn",
    "withdrew a request by protocol",
    {"protocol": Fact.WORD, "sender": Fact.NAME, "joined": Fact.FLAG},
)
REQUEST_DENIED = Event(
    "protocol.request_denied", "denied a request by protocol", {"sender": Fact.NAME, "reason": Fact.WORD}
)
STATUS_TOLD = Event(
    "protocol.status_told",
    "told the sender the status of a request",
    {"sender": Fact.NAME, "status": Fact.WORD, "attempts": Fact.COUNT},
)
STATUS_NOT_TOLD = Event(
    "protocol.status_not_told",
    "gave up telling the sender the status of a request",
    {"sender": Fact.NAME, "status": Fact.WORD, "attempts": Fact.COUNT, "problem": Fact.TEXT},
)
RESULTS_FETCHED = Event(
    "protocol.results_fetched", "handed a package to the controller who asked for it", {"sender": Fact.NAME}
)
SIGNING_KEY_MADE = Event("protocols.signing_key_made", "made the key that answers to OpenDSR are signed with")
CERTIFICATE_SET = Event(
    "protocols.certificate_set",
    "set the certificate of OpenDSR",
    {"issuer": Fact.NAME, "sha256": Fact.DIGEST, "until": Fact.WORD},
)
