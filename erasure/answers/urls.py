from django.urls import path

from erasure.answers.views import packages, rights

app_name = "answers"
urlpatterns = [
    path("notice/", packages.notice, name="notice"),
    path("restriction-marks/", rights.marks, name="marks"),
    path("restriction-marks/<int:pk>/remove/", rights.mark_remove, name="mark_remove"),
    path("<int:pk>/preview/", packages.preview, name="preview"),
    path("<int:pk>/preview/<int:selection>/", packages.selection, name="selection"),
    path("<int:pk>/preview/release/", packages.release, name="release"),
    path("<int:pk>/package/link/", packages.link, name="link"),
    path("<int:pk>/package/transmit/", packages.transmit, name="transmit"),
    path("<int:pk>/corrections/add/", rights.correction_add, name="correction_add"),
    path("<int:pk>/corrections/<int:correction>/remove/", rights.correction_remove, name="correction_remove"),
    path("<int:pk>/statement/", rights.statement, name="statement"),
    path("<int:pk>/lifting/", rights.lifting, name="lifting"),
    path("<int:pk>/lift/", rights.lift, name="lift"),
    path("<int:pk>/objections/add/", rights.objection_add, name="objection_add"),
    path("<int:pk>/objections/<int:objection>/", rights.objection_decide, name="objection_decide"),
    path("<int:pk>/settle/", rights.settle, name="settle"),
]
