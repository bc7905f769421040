from django.urls import path

from erasure.views import handling, lists, plans, request

app_name = "erasure"
urlpatterns = [
    path("", lists.requests, name="requests"),
    path("new/", lists.request_add, name="request_add"),
    path("card/", lists.card_requests, name="card_requests"),
    path("<int:pk>/", request.show, name="request"),
    path("<int:pk>/progress/", request.progress, name="progress"),
    path("<int:pk>/identifiers/", request.identifiers, name="identifiers"),
    path("<int:pk>/identifiers/add/", handling.identifier_add, name="identifier_add"),
    path("<int:pk>/identity/link/", handling.identity_link, name="identity_link"),
    path("<int:pk>/identity/confirm/", handling.identity_confirm, name="identity_confirm"),
    path("<int:pk>/search/", handling.search, name="search"),
    path("<int:pk>/questions/<int:question>/", handling.question_answer, name="question_answer"),
    path("<int:pk>/extend/", handling.extend, name="extend"),
    path("<int:pk>/reject/", handling.reject, name="reject"),
    path("<int:pk>/package/", handling.package_make, name="package_make"),
    path("<int:pk>/package/download/", request.package_download, name="package_download"),
    path("<int:pk>/plans/", handling.plan_make, name="plan_make"),
    path("<int:pk>/plans/<int:number>/", plans.show, name="plan"),
    path("<int:pk>/plans/<int:number>/approve/", plans.approve, name="plan_approve"),
    path("<int:pk>/plans/<int:number>/reject/", plans.reject, name="plan_reject"),
    path("<int:pk>/plans/<int:number>/resume/", plans.resume, name="plan_resume"),
]
