from django.urls import path

from retention.risk import cards, hierarchy_views, views

app_name = "risk"
urlpatterns = [
    path("", views.list_assessments, name="assessments"),
    path("of/<int:pk>/card/", cards.data_set_card, name="data_set_card"),
    path("add/", views.assessment_add, name="assessment_add"),
    path("add/<int:pk>/", views.assessment_define, name="assessment_define"),
    path("hierarchies/", hierarchy_views.list_hierarchies, name="hierarchies"),
    path("hierarchies/add/", hierarchy_views.hierarchy_add, name="hierarchy_add"),
    path("hierarchies/<int:pk>/", hierarchy_views.hierarchy, name="hierarchy"),
    path("hierarchies/<int:pk>/remove/", hierarchy_views.hierarchy_remove, name="hierarchy_remove"),
    path("<int:pk>/", views.assessment, name="assessment"),
]
