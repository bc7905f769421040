"""What the catalog knows of the data that an activity uses, for the activity's own page."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from audit.reports.holdings import holdings
from governance.activities.models import ProcessingActivity
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow


@allow("activities.view")
def activity_data(request: StaffRequest, pk: int) -> HttpResponse:
    activity = get_object_or_404(ProcessingActivity, pk=pk)
    used = set(activity.data_sets.filter(gone_at=None).values_list("pk", flat=True))
    context = {
        "title": f"Data of {activity}",
        "activity": activity,
        "used": [holding for key, holding in holdings().items() if key in used],
        "may_open": request.user.may("catalog.view"),
    }
    return page(request, "reports/activity_data.html", context, partial="data")
