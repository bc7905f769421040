from django.urls import path

from audit.reports import api

urlpatterns = [
    path("reports/", api.ReportList.as_view(), name="api-reports"),
    path("reports/<slug:kind>/", api.ReportFile.as_view(), name="api-report"),
]
