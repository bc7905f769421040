from django.urls import path

from retention import views

app_name = "retention"
urlpatterns = [
    path("", views.list_holds, name="holds"),
    path("add/", views.hold_add, name="hold_add"),
    path("add/<int:pk>/", views.hold_place, name="hold_place"),
    path("card/", views.card, name="card"),
    path("of/<int:pk>/card/", views.data_set_card, name="data_set_card"),
    path("<int:pk>/", views.hold, name="hold"),
    path("<int:pk>/release/", views.hold_release, name="hold_release"),
]
