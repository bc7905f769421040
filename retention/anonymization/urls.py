from django.urls import path

from retention.anonymization import advisor_views, cards, delivery_views, recover_views, views
from retention.anonymization.streams import views as streams

app_name = "anonymization"
urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("card/", cards.card, name="card"),
    path("of/<int:pk>/card/", cards.data_set_card, name="data_set_card"),
    path("new/", views.new, name="new"),
    path("new/rules/", views.review, name="review"),
    path("jobs/<uuid:pk>/", views.job, name="job"),
    path("jobs/<uuid:pk>/recover/", recover_views.recovery, name="recover"),
    path("jobs/<uuid:pk>/resume/", views.resume, name="resume"),
    path("streams/", streams.list_streams, name="streams"),
    path("streams/<uuid:pk>/", streams.stream, name="stream"),
    path("advisor/", advisor_views.advisor, name="advisor"),
    path("advisor/<int:pk>/look/", advisor_views.look, name="look"),
    path("delivery/", delivery_views.delivery, name="delivery"),
    path("delivery/outlets/", delivery_views.outlet_add, name="outlet_add"),
    path("delivery/outlets/<int:pk>/remove/", delivery_views.outlet_remove, name="outlet_remove"),
    path("delivery/receivers/", delivery_views.sink_add, name="sink_add"),
    path("delivery/receivers/<int:pk>/remove/", delivery_views.sink_remove, name="sink_remove"),
    path("person/", delivery_views.person, name="person"),
]
