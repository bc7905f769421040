from django.urls import path

from erasure.answers import api

OF = "requests/<int:asked>"

urlpatterns = [
    path(f"{OF}/preview/", api.PreviewViewSet.as_view({"get": "show"}), name="api-preview"),
    path(
        f"{OF}/preview/<int:selection>/",
        api.PreviewViewSet.as_view({"put": "decide"}),
        name="api-selection",
    ),
    path(f"{OF}/preview/release/", api.PreviewViewSet.as_view({"post": "release"}), name="api-release"),
    path(
        f"{OF}/package/links/",
        api.PackageLinkViewSet.as_view({"get": "show", "post": "issue"}),
        name="api-package-links",
    ),
    path(
        f"{OF}/package/transmit/", api.PackageLinkViewSet.as_view({"post": "transmit"}), name="api-transmit"
    ),
    path(
        f"{OF}/corrections/",
        api.CorrectionViewSet.as_view({"get": "show", "post": "state"}),
        name="api-corrections",
    ),
    path(
        f"{OF}/corrections/<int:correction>/",
        api.CorrectionViewSet.as_view({"delete": "withdraw"}),
        name="api-correction",
    ),
    path(f"{OF}/statement/", api.CorrectionViewSet.as_view({"put": "note"}), name="api-statement"),
    path(f"{OF}/lifting/", api.LiftingViewSet.as_view({"post": "tell"}), name="api-lifting"),
    path(f"{OF}/lift/", api.LiftingViewSet.as_view({"post": "lift"}), name="api-lift"),
    path(
        f"{OF}/objections/",
        api.ObjectionViewSet.as_view({"get": "show", "post": "enter"}),
        name="api-objections",
    ),
    path(
        f"{OF}/objections/<int:objection>/",
        api.ObjectionViewSet.as_view({"put": "decide"}),
        name="api-objection",
    ),
    path(f"{OF}/settle/", api.ObjectionViewSet.as_view({"post": "settle"}), name="api-settle"),
    path(
        "restriction-marks/",
        api.RestrictionMarkViewSet.as_view({"get": "list", "post": "declare"}),
        name="api-restriction-marks",
    ),
    path(
        "restriction-marks/<int:pk>/",
        api.RestrictionMarkViewSet.as_view({"delete": "remove"}),
        name="api-restriction-mark",
    ),
    path(
        "package-notice/",
        api.NoticeViewSet.as_view({"get": "show", "put": "change"}),
        name="api-package-notice",
    ),
    path("registry/effects/", api.EffectsViewSet.as_view({"post": "effects"}), name="api-effects"),
    path("registry/opt-out/", api.EffectsViewSet.as_view({"post": "opt_out"}), name="api-opt-out"),
]
