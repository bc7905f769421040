from django.urls import path

from catalog import cards, column_views, data_set_views, lineage_views, link_views, system_views

app_name = "catalog"
urlpatterns = [
    path("systems/", system_views.systems, name="systems"),
    path("systems/connect/", system_views.system_add, name="system_add"),
    path("systems/<int:pk>/", system_views.system, name="system"),
    path("systems/<int:pk>/change/", system_views.system_change, name="system_change"),
    path("systems/<int:pk>/test/", system_views.system_test, name="system_test"),
    path("systems/<int:pk>/crawl/", system_views.system_crawl, name="system_crawl"),
    path("systems/<int:pk>/scan/", system_views.system_scan, name="system_scan"),
    path("systems/<int:pk>/remove/", system_views.system_remove, name="system_remove"),
    path("data-sets/", data_set_views.data_sets, name="data_sets"),
    path("data-sets/<int:pk>/", data_set_views.data_set, name="data_set"),
    path("data-sets/<int:pk>/lineage/", lineage_views.data_set_lineage, name="data_set_lineage"),
    path("columns/", column_views.columns, name="columns"),
    path("columns/review/", column_views.review, name="review"),
    path("columns/<int:pk>/", column_views.column, name="column"),
    path("columns/<int:pk>/values/", column_views.values, name="column_values"),
    path("links/", link_views.links, name="links"),
    path("links/declare/", link_views.link_declare, name="link_declare"),
    path("links/<int:pk>/decide/", link_views.link_decide, name="link_decide"),
    path("lineage/", lineage_views.lineage, name="lineage"),
    path("lineage/<int:pk>/remove/", lineage_views.edge_remove, name="edge_remove"),
    path("where/", lineage_views.where_is, name="where_is"),
    path("changes/", data_set_views.changes, name="changes"),
    path("cards/systems/", cards.card_systems, name="card_systems"),
    path("cards/review/", cards.card_review, name="card_review"),
]
