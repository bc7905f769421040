"""The system user that runs what refuses to run as root."""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
from pathlib import Path
from typing import NamedTuple

from governance.environment import EnvironmentProblem

ROOT_HOME = Path("/var/lib/privacy-governance-console")


class SystemUser(NamedTuple):
    uid: int
    gid: int


def own_user(name: str) -> SystemUser:
    """The system user `name`, made where it is missing, which only root can; else EnvironmentProblem."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        try:
            subprocess.run(  # noqa: S603 - our own arguments
                ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],  # noqa: S607
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            raise EnvironmentProblem(
                f"PostgreSQL does not run as root, and the system user {name} could not be made for it: "
                "start the console as another user, or set DATABASE_URL."
            ) from None
        entry = pwd.getpwnam(name)
    return SystemUser(entry.pw_uid, entry.pw_gid)


def data_home(var_dir: Path) -> Path:
    """Where the embedded PostgreSQL lives: in `var_dir`, or for root in a folder of its own outside homes."""
    if os.geteuid() != 0:
        return var_dir / "postgres"
    return ROOT_HOME / hashlib.sha256(str(var_dir.resolve()).encode()).hexdigest()[:12]
