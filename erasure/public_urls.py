from django.urls import path

from erasure import public_views

app_name = "public"
urlpatterns = [
    path("", public_views.ask, name="request"),
    path("received/", public_views.received, name="received"),
    path("confirm/<str:secret>/", public_views.confirm, name="confirm"),
    path("status/<str:token>/", public_views.state, name="status"),
    path("package/file/<str:ticket>/", public_views.package_file, name="package_file"),
    path("package/<str:secret>/", public_views.package, name="package"),
]
