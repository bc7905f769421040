from django.urls import path

from retention.statistics import budget_views, cards, views

app_name = "statistics"
urlpatterns = [
    path("", views.list_releases, name="releases"),
    path("of/<int:pk>/card/", cards.data_set_card, name="data_set_card"),
    path("ask/", views.ask_choose, name="ask_choose"),
    path("ask/<int:pk>/", views.ask, name="ask"),
    path("price/<int:pk>/", views.price, name="price"),
    path("<int:pk>/", views.release, name="release"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/again/", views.again, name="again"),
    path("<int:pk>/give-back/", views.give_back, name="give_back"),
    path("<int:pk>/true-values/", views.true_values, name="true_values"),
    path("budgets/", budget_views.list_budgets, name="budgets"),
    path("budgets/set/", budget_views.budget_choose, name="budget_choose"),
    path("budgets/set/<int:pk>/", budget_views.budget_set, name="budget_set"),
    path("budgets/<int:pk>/", budget_views.budget, name="budget"),
    path("budgets/<int:pk>/share/", budget_views.allot, name="allot"),
    path("shares/<int:pk>/", budget_views.allotment, name="allotment"),
    path("shares/<int:pk>/close/", budget_views.allotment_close, name="allotment_close"),
]
