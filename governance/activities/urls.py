from django.urls import path

from governance.activities import views

app_name = "activities"
urlpatterns = [
    path("", views.activities, name="activities"),
    path("add/", views.activity_add, name="activity_add"),
    path("card/", views.card, name="card"),
    path("organisation/", views.organisation, name="organisation"),
    path("<int:pk>/", views.activity, name="activity"),
    path("<int:pk>/change/", views.activity_change, name="activity_change"),
    path("<int:pk>/remove/", views.activity_remove, name="activity_remove"),
]
