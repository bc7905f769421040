from django.urls import path

from audit.reports import activity_pages, views

app_name = "reports"
urlpatterns = [
    path("", views.reports, name="reports"),
    path("activities/<int:pk>/data/", activity_pages.activity_data, name="activity_data"),
    path("<slug:kind>/", views.report, name="report"),
]
