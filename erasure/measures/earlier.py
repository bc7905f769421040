"""What earlier plans of a request changed before they stopped: whoever is owed a measure for it is owed it still."""

from collections.abc import Iterable

from erasure.models import Step, SubjectRequest

OWED = "owed"  # a fact of a step that is reason enough for a plan, although no row is left to change


def changed_earlier(requests: Iterable[SubjectRequest]) -> dict[int | None, list[Step]]:
    """By request, where there are any: the steps on rows that its earlier plans began, in the order of the plans."""
    begun = Step.objects.filter(plan__request__in=list(requests), hit__isnull=False, started_at__isnull=False)
    found: dict[int | None, list[Step]] = {}
    for step in begun.select_related("data_set__system", "plan").order_by("plan__number", "position"):
        found.setdefault(step.plan.request_id, []).append(step)
    return found
