from django.urls import path

from retention.policies import cards, views

app_name = "policies"
urlpatterns = [
    path("", views.list_policies, name="policies"),
    path("add/", views.policy_add, name="policy_add"),
    path("<int:pk>/", views.policy, name="policy"),
    path("<int:pk>/retire/", views.policy_retire, name="policy_retire"),
    path("<int:pk>/standing/", views.policy_standing, name="policy_standing"),
    path("due/", views.list_due, name="due"),
    path("due/count/", views.count, name="count"),
    path("of/<int:pk>/", views.data_set, name="data_set"),
    path("of/<int:pk>/terms/", views.terms, name="terms"),
    path("of/<int:pk>/card/", cards.data_set_card, name="data_set_card"),
    path("card/", cards.card, name="card"),
]
