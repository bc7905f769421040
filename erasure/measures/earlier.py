"""What earlier plans of a request changed before they stopped: whoever is owed a measure for it is owed it still."""

from erasure.models import Step, SubjectRequest

OWED = "owed"  # a fact of a step that is reason enough for a plan, although no row is left to change


def changed_earlier(request: SubjectRequest) -> list[Step]:
    """The steps on rows that earlier plans of the request began, in the order of the plans."""
    begun = Step.objects.filter(plan__request=request, hit__isnull=False, started_at__isnull=False)
    return list(begun.select_related("data_set__system", "plan").order_by("plan__number", "position"))
