from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "retention.risk"
    label = "risk"
    verbose_name = "Re-identification risk"

    def ready(self) -> None:
        from retention.anonymization import validating  # noqa: PLC0415
        from retention.risk import assessing, checking  # noqa: F401, PLC0415  registers the job

        validating.MORE.append(checking.remaining)
