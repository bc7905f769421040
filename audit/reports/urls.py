from django.urls import path

from audit.reports import activity_pages, checking_pages, views
from audit.reports.schedules import views as schedules

app_name = "reports"
urlpatterns = [
    path("", views.reports, name="reports"),
    path("activities/<int:pk>/data/", activity_pages.activity_data, name="activity_data"),
    path("check/", checking_pages.check, name="check"),
    path("check/<int:number>/proof/", checking_pages.making_proof, name="making_proof"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/add/<slug:kind>/", schedules.schedule_add, name="schedule_add"),
    path("schedules/<int:pk>/", schedules.schedule, name="schedule"),
    path("schedules/<int:pk>/change/", schedules.schedule_change, name="schedule_change"),
    path("schedules/<int:pk>/stop/", schedules.schedule_stop, name="schedule_stop"),
    path("schedules/issues/<int:pk>/again/", schedules.issue_again, name="issue_again"),
    path("schedules/deliveries/<int:pk>/again/", schedules.delivery_again, name="delivery_again"),
    path("<slug:kind>/", views.report, name="report"),
]
