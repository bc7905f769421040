"""The embedded servers: started for real, killed, met by a taken port, without their wheel."""

import importlib.util
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from governance.embedded.postgres import EmbeddedPostgres
from governance.embedded.programs import choose_port, marked, working_in
from governance.embedded.redis import EmbeddedRedis
from governance.environment import EnvironmentProblem
from tests.services.folders import service_folder


@pytest.fixture(scope="module")
def home():
    with service_folder() as folder:
        yield folder / "postgres"


class Startable(EmbeddedPostgres):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.running = []

    def start(self):
        process = self.program().spawn(output=subprocess.DEVNULL)
        self.running.append(process)
        self.wait_ready(process)
        return process


@pytest.fixture
def postgres(home):
    """A server on data that the module's tests share; stopped afterwards."""
    server = Startable(home, port=choose_port(0), durable=False)
    yield server
    for process in server.running:
        server.program().stop(process)


def command_line(process):
    return Path(f"/proc/{process.pid}/cmdline").read_text()


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_postgres_asks_for_the_password(postgres):
    postgres.start()
    postgres.ensure_role("clerk", "it's a \\ secret")
    postgres.ensure_database("ledger", owner="clerk")
    with psycopg.connect(postgres.url("clerk", "it's a \\ secret", "ledger")) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("clerk", "ledger")
    for password in ("wrong", ""):
        with pytest.raises(psycopg.OperationalError, match=r"password"):
            psycopg.connect(postgres.url("clerk", password, "ledger"))


def test_roles_and_databases_can_be_ensured_again(postgres):
    postgres.start()
    for password in ("first", "second"):
        postgres.ensure_role('odd"name', password, create_databases=True)
        postgres.ensure_database('odd"base', owner='odd"name')
    psycopg.connect(postgres.url('odd"name', "second", 'odd"base')).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url('odd"name', "first", 'odd"base'))


def test_a_database_is_closed_to_roles_that_were_not_let_in(postgres):
    postgres.start()
    postgres.ensure_role("inside", "a")
    postgres.ensure_role("outside", "b")
    postgres.ensure_database("closed", owner="inside")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(postgres.url("outside", "b", "closed"))
    postgres.ensure_connect("closed", role="outside")
    psycopg.connect(postgres.url("outside", "b", "closed")).close()


def test_secrets_are_private_and_not_on_the_command_line(postgres):
    process = postgres.start()
    assert stat.S_IMODE((postgres.home / "superuser").stat().st_mode) == 0o600
    assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700
    assert postgres.password not in command_line(process)
    assert not (postgres.home / "superuser.new").exists()


def test_data_survive_kill_9_and_the_stale_pid_file_is_no_obstacle(postgres):
    first = postgres.start()
    with postgres.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("SET synchronous_commit = on")
        connection.execute("INSERT INTO kept VALUES (7)")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    # Another program may meanwhile have the number in that file: this one, say.
    pid_file = postgres.data / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(first.pid), str(os.getpid()), 1))
    postgres.start()
    with postgres.connect() as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_a_server_left_behind_is_ended_before_the_next(postgres):
    first = postgres.start()
    second = postgres.start()
    assert first.poll() == 0  # it shut down cleanly, it was not killed
    assert second.poll() is None


def test_data_of_another_major_version_are_refused_with_a_remedy(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(EnvironmentProblem, match=r"made by PostgreSQL 15, the embedded one is 18: dump"):
        EmbeddedPostgres(tmp_path).prepare()


def test_without_the_wheels_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentProblem, match=r"install the extra \[embedded\], or set DATABASE_URL"):
        EmbeddedPostgres(tmp_path).program()
    with pytest.raises(EnvironmentProblem, match=r"install the extra \[embedded\], or set BROKER_URL"):
        EmbeddedRedis(tmp_path).program()


def test_a_taken_port_is_left_alone():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert choose_port(port) != port
    assert choose_port(port) == port


def test_redis_asks_for_the_password_and_writes_nothing(tmp_path):
    server = EmbeddedRedis(tmp_path / "redis", port=choose_port(0))
    program = server.program()
    process = program.spawn(output=subprocess.DEVNULL)
    try:
        server.wait_ready(process)
        with redis.Redis.from_url(server.url) as client:
            client.set("k", "v")
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("k")
        assert server.password not in command_line(process)
        assert stat.S_IMODE((server.home / "redis.conf").stat().st_mode) == 0o600
        assert working_in(server.home) == [process.pid]
    finally:
        assert program.stop(process) == 0
    assert [path.name for path in server.home.iterdir()] == ["redis.conf"]


def test_redis_left_behind_is_ended_before_the_next(tmp_path):
    server = EmbeddedRedis(tmp_path / "redis", port=choose_port(0))
    program = server.program()
    first = program.spawn(output=subprocess.DEVNULL)
    server.wait_ready(first)
    second = program.spawn(output=subprocess.DEVNULL)
    try:
        server.wait_ready(second)
        assert first.wait(5) == 0
    finally:
        program.stop(second)


STARTER = """
import sys, time
from pathlib import Path
from governance.embedded.programs import choose_port
from governance.embedded.redis import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]), port=choose_port(0))
server.wait_ready(server.program().spawn())
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_servers_die_with_whoever_started_them(tmp_path):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "CONSOLE_TEST_MARK": str(tmp_path)},
        text=True,
    )
    assert starter.stdout
    assert any(line == "ready\n" for line in starter.stdout)
    assert len(working_in(tmp_path)) == 1
    assert starter.pid in marked("CONSOLE_TEST_MARK", str(tmp_path))
    starter.kill()
    starter.wait()
    starter.stdout.close()
    wait_until(lambda: working_in(tmp_path) == [])
    assert marked("CONSOLE_TEST_MARK", str(tmp_path)) == []
