from django.urls import path

from retention.anonymization.streams import views as streams

app_name = "anonymization"
urlpatterns = [
    path("streams/", streams.list_streams, name="streams"),
    path("streams/<uuid:pk>/", streams.stream, name="stream"),
]
