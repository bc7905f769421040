from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from governance.console.permissions import allow, public

app_name = "console"
urlpatterns = [
    path("sign-in/", public(LoginView.as_view(template_name="console/sign_in.html")), name="sign_in"),
    path("sign-out/", allow("account.manage")(LogoutView.as_view()), name="sign_out"),
]
