from django.urls import path

from erasure.expiry import views

app_name = "expiry"
urlpatterns = [
    path("", views.list_runs, name="runs"),
    path("plan/", views.plan, name="plan"),
    path("<int:pk>/", views.run, name="run"),
    path("<int:pk>/approve/", views.approve, name="approve"),
    path("<int:pk>/reject/", views.reject, name="reject"),
    path("<int:pk>/resume/", views.resume, name="resume"),
]
