from django.urls import path

from audit.reports import activity_pages, checking_pages, views

app_name = "reports"
urlpatterns = [
    path("", views.reports, name="reports"),
    path("activities/<int:pk>/data/", activity_pages.activity_data, name="activity_data"),
    path("check/", checking_pages.check, name="check"),
    path("check/<int:number>/proof/", checking_pages.making_proof, name="making_proof"),
    path("<slug:kind>/", views.report, name="report"),
]
