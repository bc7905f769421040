from django.urls import path

from erasure.registry import views
from erasure.registry.replays import views as replays

app_name = "registry"
urlpatterns = [
    path("", views.list_registrations, name="registry"),
    path("check/", views.check_values, name="check"),
    path("backups/", views.list_backups, name="backups"),
    path("backups/add/", views.backup_add, name="backup_add"),
    path("backups/<int:pk>/", views.backup, name="backup"),
    path("backups/<int:pk>/destroyed/", views.backup_destroyed, name="backup_destroyed"),
    path("replays/", replays.list_replays, name="replays"),
    path("replays/add/", replays.choose, name="replay_choose"),
    path("replays/add/<int:pk>/", replays.add, name="replay_add"),
    path("replays/<int:pk>/", replays.replay, name="replay"),
    path("replays/<int:pk>/answer/<int:question>/", replays.answer, name="replay_answer"),
    path("replays/<int:pk>/approve/", replays.approve, name="replay_approve"),
    path("replays/<int:pk>/reject/", replays.reject, name="replay_reject"),
    path("replays/<int:pk>/resume/", replays.resume, name="replay_resume"),
]
