"""The whole console at once: servers where none are configured, schema, demo estate, then its processes."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from governance import environment
from governance.console.child import Child
from governance.console.reaching import reach_broker, reach_database
from governance.console.running_demo import DemoServers
from governance.console.supervisor import Supervisor
from governance.embedded import state
from governance.embedded.accounts import data_home
from governance.embedded.postgres import EmbeddedPostgres
from governance.embedded.programs import Program, choose_port, marked, stop_leftovers
from governance.embedded.redis import EmbeddedRedis
from governance.environment import PROJECT, Environment, EnvironmentProblem

MARK = "CONSOLE_SUPERVISED_IN"  # in the environment of every process we start: its folder
OWNER, APPLICATION, DATABASE = "console_owner", "console_app", "console"


def run(*, host: str, port: int, demo: bool, say: Callable[[str], None]) -> None:
    """Bring everything up, print where it is, keep it running until a signal, stop it in order.

    Raises EnvironmentProblem where something configured is wrong or another console runs from the same
    folder, and supervisor.Ended where a part does not come up. Data and secrets stay for the next start.
    """
    var_dir = environment.read().var_dir
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(var_dir) as announce:
        stop_leftovers(partial(marked, MARK, str(var_dir)), ask=signal.SIGTERM)
        supervisor = Supervisor(var_dir / "log", say=say)
        supervisor.listen()
        extra = DemoServers(supervisor, var_dir) if demo and not os.environ.get("DATABASE_URL") else None
        try:
            port = choose_port(port, host)
            reachable = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - every address of ours
            address = f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}"
            announce(address)
            if extra:
                extra.start()
            _start_servers(supervisor, var_dir, say)
            state.save(var_dir, PUBLIC_URL=address, **_secret_key(var_dir))
            settled = environment.require()
            _reach(settled)
            _bring_up_to_date(supervisor, settled)
            if extra:
                extra.wait(say=say)
            if demo:
                supervisor.run(_manage("demo", "--if-empty", settled=settled))
            web = _start_console(supervisor, settled, host=host, port=port)
            supervisor.wait_until(partial(_answers, reachable, port), child=web, seconds=60)
            _welcome(settled, address, say)
            supervisor.serve()
        finally:
            supervisor.stop()
            if extra:
                extra.clean_up()


@contextmanager
def _alone(var_dir: Path) -> Iterator[Callable[[str], None]]:
    """Hold the folder's lock; what is given back writes our address into it, for whoever comes second."""
    with (var_dir / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise EnvironmentProblem(
                f"The console already runs: {lock.read().strip() or 'it is just starting'}. "
                "Stop that one first, or set CONSOLE_VAR to another folder for a second console."
            ) from None

        def announce(address: str) -> None:
            lock.truncate(0)
            lock.write(f"{address} (process {os.getpid()})")
            lock.flush()

        announce("it is just starting")
        yield announce


def _start_servers(supervisor: Supervisor, var_dir: Path, say: Callable[[str], None]) -> None:
    remembered = state.load(var_dir)
    if not os.environ.get("DATABASE_URL"):
        home = data_home(var_dir)
        if os.geteuid() == 0:
            say(f"supervisor | PostgreSQL refuses root: it runs as `pgserver`, with its data in {home}.")
        known = urlsplit(remembered.get("DATABASE_URL", ""))
        postgres = EmbeddedPostgres(home, port=known.port or 55432)
        child = supervisor.start(postgres.program())
        supervisor.wait_until(postgres.answers, child=child, seconds=60)
        owner = urlsplit(remembered.get("DATABASE_OWNER_URL", "")).password or secrets.token_urlsafe(24)
        application = known.password or secrets.token_urlsafe(24)
        # The application's role owns nothing, so PostgreSQL itself can refuse it things; the owner also makes
        # the databases of the demo estate.
        postgres.ensure_role(OWNER, owner, create_databases=True)
        postgres.ensure_role(APPLICATION, application)
        postgres.ensure_database(DATABASE, owner=OWNER)
        postgres.ensure_connect(DATABASE, role=APPLICATION)
        state.save(
            var_dir,
            DATABASE_URL=postgres.url(APPLICATION, application, DATABASE),
            DATABASE_OWNER_URL=postgres.url(OWNER, owner, DATABASE),
        )
    if not os.environ.get("BROKER_URL"):
        known = urlsplit(remembered.get("BROKER_URL", ""))
        redis = EmbeddedRedis(var_dir / "redis", port=known.port or 56379, password=known.password or "")
        child = supervisor.start(redis.program())
        supervisor.wait_until(redis.answers, child=child, seconds=30)
        state.save(var_dir, BROKER_URL=redis.url)


def _secret_key(var_dir: Path) -> dict[str, str]:
    return {} if state.load(var_dir).get("SECRET_KEY") else {"SECRET_KEY": secrets.token_urlsafe(48)}


def _reach(settled: Environment) -> None:
    reach_database(settled.database_url, name="DATABASE_URL")
    reach_database(settled.database_owner_url, name="DATABASE_OWNER_URL")
    reach_broker(settled.broker_url)


def _bring_up_to_date(supervisor: Supervisor, settled: Environment) -> None:
    as_owner = {
        "DATABASE_URL": settled.database_owner_url,
        "APPLICATION_ROLE": settled.application_role,
    }
    supervisor.run(_manage("migrate", "--verbosity=1", env=as_owner, settled=settled))
    supervisor.run(_manage("grant", env=as_owner, settled=settled))


def _start_console(supervisor: Supervisor, settled: Environment, *, host: str, port: int) -> Child:
    celery = ("-m", "celery", "--quiet", "--app=governance")
    supervisor.start(_manage("sequence", settled=settled))
    supervisor.start(
        _python(
            "worker",
            *celery,
            "worker",
            "--loglevel=WARNING",
            "--concurrency=2",
            "--prefetch-multiplier=1",
            "--without-gossip",
            "--without-mingle",
            settled=settled,
        )
    )
    supervisor.start(
        _python(
            "beat",
            *celery,
            "beat",
            "--loglevel=WARNING",
            f"--schedule={settled.var_dir / 'beat-schedule'}",
            settled=settled,
        )
    )
    return supervisor.start(
        _python(
            "web",
            "-m",
            "gunicorn",
            "governance.wsgi:application",
            f"--bind={f'[{host}]' if ':' in host else host}:{port}",
            "--workers=2",
            "--worker-class=gthread",
            "--threads=4",
            "--graceful-timeout=8",
            "--no-control-socket",
            settled=settled,
        )
    )


def _manage(
    command: str, *arguments: str, settled: Environment, env: dict[str, str] | None = None
) -> Program:
    return _python(command, str(PROJECT / "manage.py"), command, *arguments, settled=settled, env=env)


def _python(name: str, *arguments: str, settled: Environment, env: dict[str, str] | None = None) -> Program:
    folder = str(settled.var_dir)
    return Program(
        name=name,
        argv=[sys.executable, *arguments],
        env={"CONSOLE_VAR": folder, MARK: folder, "PYTHONUNBUFFERED": "1"} | (env or {}),
        cwd=PROJECT,
    )


def _answers(host: str, port: int) -> bool:
    """Whether the web server answers, whatever it says: it listens before the application is loaded."""
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _welcome(settled: Environment, address: str, say: Callable[[str], None]) -> None:
    accounts = settled.var_dir / "demo-accounts.txt"
    say(f"\nThe console is at {settled.public_url or address}")
    if accounts.exists():
        say(accounts.read_text().rstrip())
    say("Ctrl-C stops it; the data stay.\n")
