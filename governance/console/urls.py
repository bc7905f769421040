from django.urls import path

from governance.console import people_views, signing_views, views

app_name = "console"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("health", views.healthy, name="health"),
    path("sign-in/", signing_views.sign_in, name="sign_in"),
    path("sign-out/", signing_views.sign_out, name="sign_out"),
    path("password/", signing_views.change_password, name="password_change"),
    path("password/<uidb64>/<token>/", signing_views.choose_password, name="choose_password"),
    path("account/", people_views.account, name="account"),
    path("account/tokens/<int:pk>/revoke/", people_views.revoke_token, name="token_revoke"),
    path("jobs/", views.list_jobs, name="jobs"),
    path("jobs/<uuid:pk>/", views.job, name="job"),
    path("jobs/<uuid:pk>/progress/", views.job_progress, name="job_progress"),
    path("jobs/<uuid:pk>/cancel/", views.cancel_job, name="job_cancel"),
    path("people/", people_views.list_people, name="people"),
    path("people/add/", people_views.add_person, name="person_add"),
    path("people/<int:pk>/", people_views.person, name="person"),
    path("people/<int:pk>/link/", people_views.issue_link, name="person_link"),
]
