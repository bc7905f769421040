from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "governance.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        from governance.console import signing  # noqa: F401, PLC0415  connects sign-in signals to the ledger
