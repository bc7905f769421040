#!/usr/bin/env python
"""The console's command line. What it runs on being wrong is one sentence, not a traceback."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from governance import environment
from governance.console.management.commands.up import Command as Up
from governance.console.reaching import reason
from governance.environment import EnvironmentProblem


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    try:
        environment.read()
        _execute()
    except EnvironmentProblem as problem:
        sys.exit(str(problem))


def _execute() -> None:
    if sys.argv[1:2] == ["up"]:
        # Starts the database that the settings name, so it comes before Django and its apps.
        Up().run_from_argv(sys.argv)
        return
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as problem:
        environment.require()
        if getattr(problem.__cause__, "sqlstate", None):  # the server answered: a fault of ours
            raise
        raise EnvironmentProblem(
            f"The database does not let us in: {reason(problem)}. Start it, or check DATABASE_URL."
        ) from None


if __name__ == "__main__":
    main()
