from django.urls import path
from rest_framework.routers import SimpleRouter

from audit.reports import api, checking_api
from audit.reports.schedules.api import ScheduleViewSet

router = SimpleRouter()
router.register("reports/schedules", ScheduleViewSet, basename="api-report-schedule")

urlpatterns = [
    path("reports/", api.ReportList.as_view(), name="api-reports"),
    path("reports/check/", checking_api.CheckReport.as_view(), name="api-report-check"),
    *router.urls,
    path("reports/<slug:kind>/", api.ReportFile.as_view(), name="api-report"),
]
