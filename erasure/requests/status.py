"""What the person may know of their request without signing in: reached by a signed token that expires."""

from datetime import timedelta

from django.core import signing

from erasure.models import SubjectRequest
from erasure.requests.states import WITHDRAWN
from erasure.rights import right_of

State = SubjectRequest.State
SALT = "erasure.status"
NOTHING = "no data found"
VALID_FOR = timedelta(days=120)  # longer than an extended deadline, and some days to read the answer


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


def sentence_of(request: SubjectRequest) -> str:
    """The name of the sentence that tells the person its state: never more than is theirs to know."""
    if request.state == State.REJECTED and request.outcome == WITHDRAWN:
        return "withdrawn"
    if request.state == State.COMPLETE and right_of(request.kind).packages and request.outcome != NOTHING:
        return "complete_package"
    return State(request.state).value.replace(" ", "_")
