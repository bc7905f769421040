"""The demo's staff, one of each role and a second officer, all with one random password of this installation."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.ledger.context import Actor, acting
from erasure.demo import DemoProblem
from governance.console import people
from governance.console.models import User
from governance.console.permissions import Role
from governance.embedded.state import write_private

CAST = {
    "ada": Role.ADMINISTRATOR,
    "amir": Role.OFFICER,
    "petra": Role.OFFICER,
    "dana": Role.STEWARD,
    "emil": Role.ENGINEER,
    "carl": Role.CUSTODIAN,
    "vera": Role.AUDITOR,
}
DEMO = Actor("system", "demo")
FILE_NAME = "demo-accounts.txt"
MAIL_DOMAIN = "chinook.example"  # nobody's: letters to it arrive nowhere
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def strangers() -> bool:
    """Whether the console has people who are not of the cast."""
    return User.objects.exclude(username__in=CAST).exists()


def hire(var_dir: Path) -> int:
    """Add those of the cast who are missing, and write names and password to the accounts file; how many.

    Call it in a transaction: should that be rolled back, the next attempt uses the same password.
    """
    there = set(User.objects.filter(username__in=CAST).values_list("username", flat=True))
    missing = [name for name in CAST if name not in there]
    if missing:
        password = _remembered(var_dir) or _new_password()
        write_private(var_dir / FILE_NAME, _listing(password))
        for name in missing:
            with acting_as("ada"):  # who is the first herself
                user = people.add(
                    User(
                        username=name,
                        role=CAST[name],
                        first_name=name.capitalize(),
                        email=f"{name}@{MAIL_DOMAIN}",
                    )
                )
            user.set_password(password)
            user.save(update_fields=["password"])
    return len(missing)


def custodian() -> User | None:
    """Who answers for the systems of the demo; None where they are not here."""
    return User.objects.filter(username="carl", role=CAST["carl"], is_active=True).first()


@contextmanager
def acting_as(name: str) -> Iterator[User | None]:
    """What happens inside is recorded as done by this one of the cast, or by the demo where they are not here."""
    user = User.objects.filter(username=name, role=CAST[name], is_active=True).first()
    with acting(user.as_actor() if user else DEMO):
        yield user


@contextmanager
def played_by(name: str) -> Iterator[User]:
    """As `acting_as`. Raises DemoProblem where that one is not here."""
    with acting_as(name) as user:
        if user is None:
            raise DemoProblem(
                f"There is no {CAST[name].label.lower()} called {name}, who has a part in the story: "
                "run `manage.py demo --with-accounts` first."
            )
        yield user


def accounts(var_dir: Path) -> str:
    """Names, roles and password, for the terminal. Raises DemoProblem where no file has them."""
    try:
        return (var_dir / FILE_NAME).read_text().rstrip()
    except FileNotFoundError:
        raise DemoProblem(
            "No demo accounts were made here, or the file with their password is gone: "
            "an administrator can give people a link to choose a new one."
        ) from None


def _listing(password: str) -> str:
    lines = [f"  {name:<6} {role.label.lower()}" for name, role in CAST.items()]
    return "\n".join(["Demo accounts:", *lines, f"Password of each: {password}", ""])


def _remembered(var_dir: Path) -> str:
    path = var_dir / FILE_NAME
    found = re.search(r"^Password of each: (\S+)$", path.read_text(), re.M) if path.exists() else None
    return found[1] if found else ""


def _new_password() -> str:
    """Twenty letters, about 99 bits, in groups that can be typed."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
