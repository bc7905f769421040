from django.urls import path

from erasure.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.list_registrations, name="registry"),
    path("check/", views.check_values, name="check"),
    path("backups/", views.list_backups, name="backups"),
    path("backups/add/", views.backup_add, name="backup_add"),
    path("backups/<int:pk>/", views.backup, name="backup"),
    path("backups/<int:pk>/destroyed/", views.backup_destroyed, name="backup_destroyed"),
]
