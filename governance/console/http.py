from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from governance.console.models import User


class StaffRequest(HttpRequest):
    """A request behind `PermissionMiddleware`: somebody of the staff is signed in."""

    user: User
    htmx: HtmxDetails
