from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "erasure.requests"
    label = "requests"
    verbose_name = "Handling of requests"
