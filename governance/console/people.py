"""Staff: adding people, changing what they may do, and the link by which they choose their own password."""

from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from audit.ledger.recording import record
from governance.console import events
from governance.console.models import User
from governance.console.permissions import Role


@transaction.atomic
def add(user: User) -> User:
    """Save a new person, who has no password until they choose one by their link (`password_link`)."""
    user.set_unusable_password()
    user.save()
    record(events.USER_ADDED, user, role=user.role)
    return user


@transaction.atomic
def change(user: User, *, role: str, active: bool, by: User) -> User:
    """Give a person another role, or close or open their access.

    Raises ValidationError for one's own access, and for the last administrator's.
    """
    # Locked together, so that two administrators cannot demote each other at the same time.
    administrators = set(
        User.objects.select_for_update()
        .filter(role=Role.ADMINISTRATOR, is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    user = User.objects.select_for_update().get(pk=user.pk)
    if (user.role, user.is_active) == (role, active):
        return user
    if user.pk == by.pk:
        raise ValidationError("Nobody changes their own role or access: ask another administrator.")
    if administrators == {user.pk}:
        raise ValidationError("This is the last active administrator: make somebody else one first.")
    user.role, user.is_active = role, active
    user.save(update_fields=["role", "is_active"])
    record(events.USER_CHANGED, user, role=role, active=active)
    return user


@transaction.atomic
def password_link(user: User) -> str:
    """The path under which this person chooses a password, once, within PASSWORD_RESET_TIMEOUT."""
    record(events.USER_LINK_ISSUED, user)
    token = default_token_generator.make_token(user)
    return reverse("console:choose_password", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])


def names() -> dict[str, str]:
    """What staff are called, by the identifier under which the ledger knows them."""
    return {
        str(user.public_id): user.display_name
        for user in User.objects.only("public_id", "username", "first_name", "last_name")
    }
