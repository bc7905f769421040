from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "retention.policies"
    label = "policies"
    verbose_name = "Retention policies"

    def ready(self) -> None:
        from retention.policies import jobs  # noqa: F401, PLC0415  registers the job
