from django.urls import path

from audit.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.reports, name="reports"),
    path("<slug:kind>/", views.report, name="report"),
]
