"""`manage.py up` as a person types it: a console on servers of its own, and one sentence where one is wrong."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from governance.console.running import MARK
from governance.embedded import state
from governance.embedded.accounts import data_home
from governance.embedded.programs import choose_port, marked, working_in
from governance.environment import PROJECT
from tests.services.folders import service_folder

CONFIGURED = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "BROKER_URL",
    "CACHE_URL",
    "SECRET_KEY",
    "KEYRING_KEY",
    "PUBLIC_URL",
)


class Console:
    """A console of its own in `folder`, started and watched from outside."""

    def __init__(self, folder):
        self.var_dir = folder / "var"
        self.output = folder / "output"
        self.process = None

    def environment(self, **values):
        kept = {name: value for name, value in os.environ.items() if name not in CONFIGURED}
        return kept | {"CONSOLE_VAR": str(self.var_dir)} | values

    def start(self, port):
        """Until it prints its address, which comes back."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-demo", f"--port={port}"],
                cwd=PROJECT,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: "The console is at" in self.said() or self.process.poll() is not None, seconds=120)
        found = re.search(r"The console is at (\S+)", self.said())
        assert found, self.said()
        return found[1]

    def said(self):
        return self.output.read_text()

    def processes(self, word=""):
        return [
            pid
            for pid in marked(MARK, str(self.var_dir))
            if word in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        ]

    def left(self):
        return [
            *marked(MARK, str(self.var_dir)),
            *working_in(data_home(self.var_dir) / "data"),
            *working_in(self.var_dir / "redis"),
        ]


@pytest.fixture
def console():
    with service_folder() as folder:
        console = Console(folder)
        yield console
        if console.process and console.process.poll() is None:
            console.process.send_signal(signal.SIGTERM)
            console.process.wait(60)
        shutil.rmtree(data_home(console.var_dir), ignore_errors=True)


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def up(environment):
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--no-demo", f"--port={choose_port(0)}"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_console_comes_up_survives_kills_keeps_its_data_and_stops_cleanly(console):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        address = console.start(port)
    assert not address.endswith(f":{port}")
    assert answers(address)
    remembered = state.load(console.var_dir)

    assert up(console.environment()) == (
        f"The console already runs: {address} (process {console.process.pid}). "
        "Stop that one first, or set CONSOLE_VAR to another folder for a second console.\n"
    )

    for pid in console.processes("gunicorn"):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: "web ended (SIGKILL): it starts again in 0.5 s." in console.said())
    wait_until(lambda: answers(address))

    console.process.send_signal(signal.SIGTERM)
    assert console.process.wait(60) == 0
    assert console.left() == []

    address = console.start(choose_port(0))
    assert answers(address)
    now = state.load(console.var_dir)
    assert {name: now[name] for name in ("SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL")} == {
        name: remembered[name] for name in ("SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL")
    }
    console.process.kill()
    console.process.wait()
    wait_until(lambda: console.left() == [])


@pytest.fixture
def configured(console, pg_database, redis_url):
    return console.environment(
        DATABASE_URL=pg_database.dsn, BROKER_URL=redis_url, SECRET_KEY=os.environ["SECRET_KEY"]
    )


def test_a_wrong_database_password_is_one_sentence_without_it(configured, pg_database):
    wrong = pg_database.dsn.replace(pg_database.password, "hush-hush")
    said = up(configured | {"DATABASE_URL": wrong})
    assert said.startswith("DATABASE_URL does not lead to a database that lets us in:")
    assert f'password authentication failed for user "{pg_database.user}". Check host' in said
    assert said.count("\n") == 1
    assert "hush" not in said


def test_a_database_host_that_does_not_answer_is_one_sentence(configured):
    said = up(configured | {"DATABASE_URL": f"postgres://u:hush-hush@127.0.0.1:{choose_port(0)}/x"})
    assert "Connection refused. Check host, port, name, role and password" in said
    assert said.count("\n") == 1
    assert "hush" not in said


def test_a_wrong_owner_is_told_apart_from_the_application(configured, pg_database):
    wrong = pg_database.dsn.replace(pg_database.password, "hush-hush")
    assert up(configured | {"DATABASE_OWNER_URL": wrong}).startswith("DATABASE_OWNER_URL does not lead to")


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_does_not_answer_is_one_sentence(configured, scheme):
    said = up(configured | {"BROKER_URL": f"{scheme}://:hush-hush@127.0.0.1:{choose_port(0)}/0"})
    assert said.startswith("BROKER_URL does not lead to a broker that lets us in:")
    assert "Connection refused. Check host" in said
    assert said.count("\n") == 1
    assert "hush" not in said


def test_a_wrong_broker_password_is_one_sentence(configured, redis_url):
    said = up(configured | {"BROKER_URL": re.sub(r":[^:@/]+@", ":hush-hush@", redis_url)})
    assert "invalid username-password pair" in said
    assert said.count("\n") == 1
    assert "hush" not in said


def test_a_malformed_variable_is_one_sentence(console):
    assert up(console.environment(PUBLIC_URL="hush")) == (
        "PUBLIC_URL must be a whole address, such as https://privacy.example.org.\n"
    )


def test_another_command_without_a_database_says_what_to_set(console):
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=PROJECT,
        env=console.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL is not set: set it to postgres://")
    assert done.stderr.count("\n") == 1
