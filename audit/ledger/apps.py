from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "audit.ledger"
    label = "ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        from audit.ledger import checks  # noqa: F401, PLC0415  registers the system checks
