from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "retention.vault"
    label = "vault"
    verbose_name = "Vault"

    def ready(self) -> None:
        from retention.vault import rekeying, shred_requests  # noqa: F401, PLC0415  registers the jobs
