from django.urls import URLPattern

app_name = "anonymization"
urlpatterns: list[URLPattern] = []
