from django.apps import AppConfig


class ExpiryConfig(AppConfig):
    name = "erasure.expiry"
    label = "expiry"
    verbose_name = "Expiry runs"
