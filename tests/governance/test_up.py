"""`manage.py up` as a person types it: a console on servers of its own, and one sentence where one is wrong."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from governance.embedded import state
from governance.embedded.programs import choose_port, working_in
from governance.environment import PROJECT
from tests.services.console import own_console, wait_until


@pytest.fixture
def console():
    with own_console() as console:
        yield console


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


def test_the_demo_has_servers_of_its_own_that_are_revived_and_stop_at_once():
    with own_console(demo=True) as console:
        console.start(choose_port(0))
        homes = [console.var_dir / "objects", console.var_dir / "broker"]
        first = [working_in(home) for home in homes]
        assert [len(pids) for pids in first] == [1, 1]
        assert "is left out" not in console.said()
        remembered = state.load(console.var_dir)
        assert remembered["DEMO_OBJECTS_URL"].startswith("http://")
        for (pid,) in first:
            os.kill(pid, signal.SIGKILL)
        broker = ("127.0.0.1", int(remembered["DEMO_BROKER"].rpartition(":")[2]))
        wait_until(
            lambda: all(working_in(home) not in ([], old) for home, old in zip(homes, first, strict=True))
        )
        wait_until(lambda: takes_connections(broker))
        console.process.send_signal(signal.SIGTERM)
        assert console.process.wait(60) == 0
        assert [working_in(home) for home in homes] == [[], []]
        assert "does not stop" not in console.said()
        assert console.left() == []


def takes_connections(address):
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError:
        return False
    return True


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
