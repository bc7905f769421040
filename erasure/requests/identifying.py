"""Further identifiers of a person, named by an officer: the next search, which somebody asks for, takes them too."""

from django.db import transaction

from erasure.models import Identifier, SubjectRequest
from erasure.requests.intake import add_identifier
from erasure.requests.starting import change_what_is_sought


@transaction.atomic
def identify(request: SubjectRequest, category: str, value: str) -> Identifier:
    """Add what an officer has established to be the person's own. Raises ValidationError; NotNow while a job works."""
    if not request.ended:
        change_what_is_sought(request)
    return add_identifier(request, category, value)
