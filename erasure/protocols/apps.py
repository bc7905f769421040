from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    name = "erasure.protocols"
    label = "protocols"
    verbose_name = "Protocols of requests"
