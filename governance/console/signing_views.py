"""Signing in and out, and one's own password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView, PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy

from audit.ledger.context import become
from audit.ledger.recording import record
from governance.console import events
from governance.console.clients import client_network, seconds_to_wait
from governance.console.models import User
from governance.console.permissions import allow, public

ATTEMPTS = "30/m"  # from one network address, right or wrong; a whole office may share one


class SignIn(LoginView):
    """One answer to every wrong sign-in: nobody learns whether the name or the password was wrong."""

    template_name = "console/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Every attempt costs a slow hash and an entry in a ledger that is never emptied, whatever names are tried."""
        if wait := seconds_to_wait(request, client_network(request), rate=ATTEMPTS, group="console.sign_in"):
            answer = render(request, "429.html", status=429)
            answer["Retry-After"] = str(wait)
            return answer
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ChangePassword(PasswordChangeView):
    template_name = "console/password_change.html"
    success_url = reverse_lazy("console:account")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        assert isinstance(self.request.user, User)  # PermissionMiddleware let nobody else in
        record(events.PASSWORD_CHANGED, self.request.user)
        messages.success(self.request, "Your password is changed; other browsers are signed out.")
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ChoosePassword(PasswordResetConfirmView):
    """Behind the link that an administrator hands over: whoever follows it chooses their password, once."""

    template_name = "console/choose_password.html"
    success_url = reverse_lazy("console:sign_in")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        assert isinstance(self.user, User)  # a link without its user does not validate
        become(self.user.as_actor())
        record(events.PASSWORD_CHANGED, self.user)
        messages.success(self.request, "Your password is set: sign in with it.")
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


sign_in = public(SignIn.as_view())
sign_out = allow("account.manage")(LogoutView.as_view())
change_password = allow("account.manage")(ChangePassword.as_view())
choose_password = public(ChoosePassword.as_view())
