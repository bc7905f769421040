from django.urls import path

from erasure.recomputing import views

app_name = "recomputing"
urlpatterns = [
    path("", views.list_recomputations, name="recomputations"),
    path("<int:pk>/", views.data_set, name="data_set"),
    path("<int:pk>/card/", views.card, name="card"),
    path("<int:pk>/declare/", views.declare, name="declare"),
    path("<int:pk>/approve/", views.approve, name="approve"),
    path("<int:pk>/remove/", views.remove, name="remove"),
    path("<int:pk>/run/", views.run, name="run"),
    path("<int:pk>/anonymous/", views.confirm_anonymous, name="confirm_anonymous"),
    path("<int:pk>/anonymous/withdraw/", views.withdraw_anonymous, name="withdraw_anonymous"),
]
