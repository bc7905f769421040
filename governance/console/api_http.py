from rest_framework.request import Request

from governance.console.models import User


class StaffApiRequest(Request):
    """A request that `HasPermission` has let through: somebody of the staff, by token or session."""

    user: User
