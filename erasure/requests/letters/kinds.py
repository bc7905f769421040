"""The kinds of letter there are, and what each can say: its variables, and those it is useless without."""

from dataclasses import dataclass, field

# What every letter may use, and what stands there.
COMMON = {
    "reference": "the reference of the request",
    "organisation": "the name of the organisation",
    "asks": "what the person asked for",
    "due": "the day by which the request must be answered",
    "status_link": "the address of the page where the person follows the request",
    "authority": "where the person may complain",
}
REASON = {"reason": "the reason an officer gave"}


@dataclass(frozen=True, slots=True)
class LetterKind:
    key: str
    title: str
    when: str
    variables: dict[str, str] = field(default_factory=dict)  # beyond those of every letter
    needs: tuple[str, ...] = ()

    @property
    def allowed(self) -> dict[str, str]:
        return {**COMMON, **self.variables}


_KINDS = (
    LetterKind(
        "acknowledged",
        "Acknowledgement",
        "At receipt where the law asks for it, or when an officer sends it.",
    ),
    LetterKind(
        "verify_identity",
        "Proof of identity",
        "When a link to prove the identity is sent.",
        {"link": "the address that works once"},
        ("link",),
    ),
    LetterKind(
        "verify_by_code",
        "Code to prove the identity",
        "When a code to prove the identity is sent.",
        {"code": "the six digits", "link": "the page where they are entered"},
        ("code",),
    ),
    LetterKind(
        "remind_identity",
        "Reminder to confirm",
        "Once, some days after a request that nobody has confirmed.",
        {"link": "the address that works once"},
        ("link",),
    ),
    LetterKind("unverified", "Closed unconfirmed", "When a request that nobody confirmed is closed."),
    LetterKind("withdrawn", "Withdrawal", "When the person has withdrawn the request."),
    LetterKind(
        "confirm_agent",
        "Question about an agent",
        "When an agent asks on the person's behalf: they are asked themselves.",
        {"agent": "who asks in their name", "link": "the address that works once"},
        ("agent", "link"),
    ),
    LetterKind("already_open", "Asked again", "When the same request comes again while it is open."),
    LetterKind("extended", "Extension", "When the deadline is extended.", REASON, ("reason", "due")),
    LetterKind(
        "paused",
        "Pause",
        "When the clock is paused for something only the person can tell.",
        REASON,
        ("reason",),
    ),
    LetterKind("resumed", "End of a pause", "When the clock goes on.", needs=("due",)),
    LetterKind(
        "rejected",
        "Rejection",
        "When the request is rejected.",
        {**REASON, "appeal": "how to appeal, where the law has appeals"},
        ("reason", "authority"),
    ),
    LetterKind(
        "completed",
        "Completion",
        "When the request is complete.",
        {
            "done": "what was done",
            "held": "what is kept and why, if anything is",
            "told": "that recipients were told, if any were",
        },
        ("done", "held"),
    ),
    LetterKind(
        "package_ready",
        "Package ready",
        "When the copy of the data can be fetched.",
        {"link": "the address of the package", "expires": "the day until which it can be fetched"},
        ("link", "expires"),
    ),
    LetterKind(
        "package_for_controller",
        "Package for another controller",
        "When the person asks to have their data transmitted; it goes to that controller.",
        {"link": "the address of the package", "expires": "the day until which it can be fetched"},
        ("link", "expires"),
    ),
    LetterKind(
        "recipients",
        "Recipients",
        "When the person asked who received the data.",
        {"recipients": "the recipients, one a line"},
        ("recipients",),
    ),
    LetterKind(
        "objection_settled",
        "Objection decided",
        "When an objection is upheld, for all purposes or for some.",
        {
            "upheld": "the purposes that the data are no longer used for, one a line",
            "overridden": "the purposes that go on, with the compelling grounds; nothing if there are none",
        },
        ("upheld", "overridden"),
    ),
    LetterKind("opted_out", "Opt-out", "When somebody has opted out of sale and sharing."),
    LetterKind(
        "restriction_lifted",
        "End of a restriction",
        "Before a restriction is lifted.",
        {**REASON, "on": "the day on which it ends"},
        ("reason", "on"),
    ),
    LetterKind(
        "duplicate",
        "Duplicate",
        "When the request is closed as the duplicate of another.",
        {"other": "the reference of the other request"},
        ("other",),
    ),
    LetterKind("reopened", "Reopening", "When a request that had ended is taken up again.", needs=("due",)),
    LetterKind(
        "appeal_received", "Appeal received", "When an appeal against the answer is entered.", needs=("due",)
    ),
    LetterKind(
        "appeal_granted", "Appeal granted", "When an appeal is decided for the person.", REASON, ("reason",)
    ),
    LetterKind(
        "appeal_refused",
        "Appeal refused",
        "When an appeal is decided against the person.",
        REASON,
        ("reason", "authority"),
    ),
    LetterKind(
        "message",
        "Message",
        "When an officer writes to them.",
        {"text": "what the officer wrote"},
        ("text",),
    ),
)
KINDS = {kind.key: kind for kind in _KINDS}
