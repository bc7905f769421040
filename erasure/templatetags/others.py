"""What others do for a request, on its page."""

from typing import Any

from django import template

from erasure.custodians.models import RowExemption, Task
from erasure.models import SubjectRequest

register = template.Library()


@register.inclusion_tag("custodians/_of_request.html", takes_context=True)
def others(context: dict[str, Any], request: SubjectRequest) -> dict[str, Any]:
    """Tasks and exceptions of the request; nothing where there are none."""
    tasks = Task.objects.filter(request=request).select_related("request", "system", "recipient")
    exemptions = RowExemption.objects.filter(request=request).select_related("data_set__system")
    return {
        "asked": request,
        "tasks": list(tasks.prefetch_related("evidence")),
        "exemptions": list(exemptions),
        "may_name": any(context.get(name) for name in ("may_reveal", "revealed")),
        "csrf_token": context.get("csrf_token", ""),
    }
