"""What the person may know of their request without signing in: reached by a signed token that expires."""

from datetime import timedelta

from django.core import signing

from erasure.models import SubjectRequest

State = SubjectRequest.State
SALT = "erasure.status"
VALID_FOR = timedelta(days=120)  # longer than an extended deadline, and some days to read the answer

AT_WORK = "We are looking for your data in all our systems."
CHECKING = "We have looked for your data and are checking what we found."
AT_IT = "We are doing what you asked for."
IN_WORDS: dict[str, str] = {
    State.RECEIVED: "We have your request and will write to you to confirm your e-mail address.",
    State.IDENTITY_PENDING: "Please open the letter we sent to your e-mail address and confirm your request.",
    State.VERIFIED: "Your e-mail address is confirmed. We will look for your data next.",
    State.SEARCHING: AT_WORK,
    State.FOUND: CHECKING,
    State.PLANNED: CHECKING,
    State.APPROVED: AT_IT,
    State.EXECUTING: AT_IT,
    State.WAITING: "We have done what can be done at once; some of our systems need more time.",
    State.RESIDUAL: "We are doing what you asked for, and have not finished.",
    State.FAILED: "We are working on your request.",
    State.REJECTED: "We could not do what you asked for. Our letter to you says why.",
}
DONE = "Your request is complete. Our letter to you says what was done."
SENT = "Your request is complete. We sent a link to your data to your e-mail address."
COMPLETE: dict[str, str] = {
    kind: SENT if kind in (SubjectRequest.Kind.ACCESS, SubjectRequest.Kind.PORTABILITY) else DONE
    for kind in SubjectRequest.Kind.values
}


def token_of(request: SubjectRequest) -> str:
    """What the address of the person's status page ends with; says nothing about them."""
    return signing.dumps(request.public_id.hex, salt=SALT)


def request_of(token: str) -> SubjectRequest | None:
    """The request a token was made for; None if it is not one of ours, or has expired."""
    try:
        public_id = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        return None
    return SubjectRequest.objects.filter(public_id=public_id).first()


def in_words(request: SubjectRequest) -> str:
    """The state of the request as the person is told it."""
    if request.state == State.COMPLETE:
        return COMPLETE[request.kind]
    return IN_WORDS[request.state]
