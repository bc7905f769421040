from django.urls import URLPattern

app_name = "expiry"
urlpatterns: list[URLPattern] = []
