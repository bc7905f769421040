from django.urls import path

from erasure.training import views

app_name = "training"
urlpatterns = [
    path("", views.list_sets, name="sets"),
    path("add/", views.set_add, name="set_add"),
    path("<int:pk>/", views.training_set, name="set"),
    path("models/", views.list_models, name="models"),
]
