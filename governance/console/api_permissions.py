from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission

from governance.console.models import ApiToken, User
from governance.console.permissions import PUBLIC

if TYPE_CHECKING:  # rest_framework.views reads its settings, which name this module
    from rest_framework.request import Request
    from rest_framework.views import APIView


class HasPermission(BasePermission):
    """Each view names its permissions: `permissions = {"list": "catalog.view", …}` by action, or by HTTP method.

    What a view does not name is closed to everybody. A token must have the permission among its scopes as well.
    """

    message = "Your role, or your token's scopes, do not include this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        permission = required(view, request.method or "")
        if permission == PUBLIC:
            return True
        if not permission or not request.user.is_authenticated:
            return False
        return may(request, permission)


def may(request: Request, permission: str) -> bool:
    """Whether who asks has the permission, and the token they ask with too."""
    if isinstance(request.auth, ApiToken):
        return request.auth.may(permission)
    return isinstance(request.user, User) and request.user.may(permission)


def required(view: Any, method: str) -> str:
    """The permission that a request of `method` needs; empty if the view names none."""
    table: dict[str, str] = getattr(view, "permissions", {})
    return table.get(getattr(view, "action", None) or "", "") or table.get(method, "")
