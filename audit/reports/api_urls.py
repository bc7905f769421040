from django.urls import path

from audit.reports import api, checking_api

urlpatterns = [
    path("reports/", api.ReportList.as_view(), name="api-reports"),
    path("reports/check/", checking_api.CheckReport.as_view(), name="api-report-check"),
    path("reports/<slug:kind>/", api.ReportFile.as_view(), name="api-report"),
]
