"""The REST API, version 1."""

from django.urls import include, path

urlpatterns = [
    path("", include("governance.console.api_urls")),
    path("", include("governance.activities.api_urls")),
    path("", include("catalog.api_urls")),
    path("", include("retention.api_urls")),
    path("", include("retention.policies.api_urls")),
    path("", include("retention.vault.api_urls")),
    path("", include("retention.anonymization.api_urls")),
    path("", include("retention.risk.api_urls")),
    path("", include("retention.statistics.api_urls")),
    path("", include("erasure.answers.api_urls")),
    path("", include("erasure.api_urls")),
    path("", include("erasure.registry.api_urls")),
    path("", include("erasure.training.api_urls")),
    path("", include("erasure.custodians.api_urls")),
    path("", include("erasure.protocols.api_urls")),
    path("", include("erasure.expiry.api_urls")),
    path("", include("erasure.recomputing.api_urls")),
    path("", include("audit.reports.ledger_api_urls")),
    path("", include("audit.reports.api_urls")),
]
