from django.apps import AppConfig


class ExpiryConfig(AppConfig):
    name = "erasure.expiry"
    label = "expiry"
    verbose_name = "Expiry runs"

    def ready(self) -> None:
        from erasure.expiry import jobs  # noqa: F401, PLC0415  registers the jobs
