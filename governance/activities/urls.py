from django.urls import path

from governance.activities import processor_views, views

app_name = "activities"
urlpatterns = [
    path("", views.activities, name="activities"),
    path("add/", views.activity_add, name="activity_add"),
    path("card/", views.card, name="card"),
    path("organisation/", views.organisation, name="organisation"),
    path("on-behalf/", processor_views.on_behalf_list, name="on_behalf_list"),
    path("on-behalf/add/", processor_views.on_behalf_add, name="on_behalf_add"),
    path("on-behalf/<int:pk>/", processor_views.on_behalf, name="on_behalf"),
    path("on-behalf/<int:pk>/change/", processor_views.on_behalf_change, name="on_behalf_change"),
    path("on-behalf/<int:pk>/remove/", processor_views.on_behalf_remove, name="on_behalf_remove"),
    path("<int:pk>/", views.activity, name="activity"),
    path("<int:pk>/change/", views.activity_change, name="activity_change"),
    path("<int:pk>/remove/", views.activity_remove, name="activity_remove"),
]
