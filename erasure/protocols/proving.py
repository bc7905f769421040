"""Who asks: what a sender vouches for counts where it may, and else the person is asked by a link of our own.

A business may have a consumer verify their identity directly although an agent asks (11 CCR 7063(a)); an opt-out of
sale needs no identity at all (11 CCR 7026(d)). A processor acts on a request that the controller has verified.
"""

from collections.abc import Collection

from erasure.models import SubjectRequest
from erasure.requests import identity
from erasure.requests.states import NotNow
from erasure.rights import right_of


def prove(request: SubjectRequest, *, vouched: Collection[tuple[str, str]], by: str) -> None:
    """Take the identifiers that `by` vouches for as verified; with none, send our own link."""
    if not right_of(request.kind).needs_identity or request.state not in identity.UNVERIFIED:
        return
    if vouched:
        identity.confirm_by_sender(request, identifiers=vouched, how=f"by {by}, who vouches for it")
        return
    try:
        identity.send_link(request)
    except NotNow:  # as many links as there may be were sent: an officer looks at it
        return
