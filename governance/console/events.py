from audit.ledger.events import Event, Fact

SIGNED_IN = Event("user.signed_in", "signed in")
SIGNED_OUT = Event("user.signed_out", "signed out")
SIGN_IN_FAILED = Event("user.sign_in_failed", "failed to sign in", {"known_user": Fact.FLAG})
LOCKED_OUT = Event("user.locked_out", "was locked out after repeated failures", {"known_user": Fact.FLAG})
PASSWORD_CHANGED = Event("user.password_changed", "changed their password")
USER_ADDED = Event("user.added", "added a person", {"role": Fact.WORD})
USER_CHANGED = Event(
    "user.changed", "changed a person's role or access", {"role": Fact.WORD, "active": Fact.FLAG}
)
USER_LINK_ISSUED = Event("user.link_issued", "made a link to choose a password")
TOKEN_ISSUED = Event("token.issued", "issued an API token", {"scopes": Fact.LIST, "expires": Fact.WORD})
TOKEN_REVOKED = Event("token.revoked", "revoked an API token")
JOB_CANCELLED = Event("job.cancelled", "asked a job to stop", {"kind": Fact.WORD})
JOB_DONE = Event("job.done", "finished a job", {"kind": Fact.WORD, "done": Fact.COUNT, "attempt": Fact.COUNT})
JOB_FAILED = Event("job.failed", "saw a job fail", {"kind": Fact.WORD, "reason": Fact.WORD})
