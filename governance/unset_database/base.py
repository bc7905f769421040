"""Stands in while DATABASE_URL is not set: commands that need no database work, the others get one clear sentence."""

from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql import base

from governance.environment import EnvironmentProblem, require


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        try:
            require()
        except EnvironmentProblem as problem:
            raise OperationalError(str(problem)) from None
        raise OperationalError("DATABASE_URL was set after the console had started: start it again.")
