from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from audit.ledger.roles import grant_application


class Command(BaseCommand):
    help = "Give the application's database role its rights. Run as the owner role, after `migrate`."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("role", nargs="?", help="the application's role (default: APPLICATION_ROLE)")

    @transaction.atomic
    def handle(self, *args: Any, role: str | None = None, **options: Any) -> None:
        role = role or settings.ENVIRONMENT.application_role
        if not role:
            raise CommandError("Name the application's role: manage.py grant ROLE")
        owner = connection.settings_dict["USER"]
        if role == owner:
            self.stdout.write(
                f"The role {role} owns the tables itself: nothing to grant. "
                "Use two roles (DATABASE_OWNER_URL) to keep the application from altering its own ledger."
            )
            return
        grant_application(role)
        self.stdout.write(f"Granted the application's rights to {role}.")
