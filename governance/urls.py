"""The map of the house: each app's pages and its part of the API, named as strings only."""

from django.urls import include, path

urlpatterns = [
    path("", include("governance.console.urls")),
    path("activities/", include("governance.activities.urls")),
    path("", include("catalog.urls")),
    path("anonymization/", include("retention.anonymization.urls")),
    path("anonymization/risk/", include("retention.risk.urls")),
    path("anonymization/statistics/", include("retention.statistics.urls")),
    path("anonymization/vault/", include("retention.vault.urls")),
    path("retention/", include("retention.policies.urls")),
    path("retention/runs/", include("erasure.expiry.urls")),
    path("retention/registry/", include("erasure.registry.urls")),
    path("retention/training/", include("erasure.training.urls")),
    path("recomputations/", include("erasure.recomputing.urls")),
    path("holds/", include("retention.urls")),
    path("tasks/", include("erasure.custodians.urls")),
    path("protocols/", include("erasure.protocols.urls")),
    path("requests/", include("erasure.answers.urls")),
    path("requests/", include("erasure.urls")),
    path("privacy/", include("erasure.public_urls")),
    path("ledger/", include("audit.reports.ledger_urls")),
    path("reports/", include("audit.reports.urls")),
    path("api/v1/", include("governance.api_urls")),
]

handler400 = "governance.console.errors.bad_request"
handler403 = "governance.console.errors.forbidden"
handler404 = "governance.console.errors.not_found"
handler500 = "governance.console.errors.server_error"
