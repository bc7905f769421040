from django.urls import URLPattern

app_name = "custodians"
urlpatterns: list[URLPattern] = []
