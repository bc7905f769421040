"""The servers of all runs: each can be stopped without the others, and each run has its own databases in them."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.faulty.proxy import Network
from governance.embedded.broker import EmbeddedBroker
from governance.embedded.objects import EmbeddedObjects
from governance.embedded.postgres import EmbeddedPostgres
from governance.embedded.programs import choose_port
from governance.embedded.redis import EmbeddedRedis
from tests.services.fixtures import Database, Server
from tests.services.kafka import KafkaBroker
from tests.services.objects import ObjectServer
from tests.services.servers import FOREIGN

TEMPLATE = "console_empty"


class Running:
    """One program, started now."""

    def __init__(self, server: Any, log: Path) -> None:
        self.server, self.log = server, log
        self.program = server.program()
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = self.program.spawn(output=output)
        self.server.wait_ready(self.process)

    def crash(self) -> None:
        """PostgreSQL's immediate shutdown: nothing is written, what was committed is recovered at the next start."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def stop(self) -> None:
        replace(self.program, stop_signal=signal.SIGKILL).stop(self.process)


class Ground:
    """Everything the runs stand on. What is dear (S3, Kafka) starts with the first run that asks for it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="console-faults-"))
        self.folder.chmod(0o711)  # as root, another user runs PostgreSQL in it
        self.ends = ExitStack()
        self.ends.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.network = Network()
        # Durable, as in production: what a database forgets at a crash would look like our fault.
        self.console = self._start("console", EmbeddedPostgres(self._home("console"), port=choose_port(0)))
        self.stores = self._start("stores", EmbeddedPostgres(self._home("stores"), port=choose_port(0)))
        self.broker = self._start("broker", EmbeddedRedis(self._home("broker"), port=choose_port(0)))

    def _home(self, name: str) -> Path:
        return self.folder / name

    def _start(self, name: str, server: Any) -> Running:
        running = Running(server, self.folder / f"{name}.log")
        self.ends.callback(running.stop)
        return running

    @cached_property
    def cache(self) -> Running:
        """The Redis that is a store, beside the one that is the broker."""
        return self._start("cache", EmbeddedRedis(self._home("cache"), port=choose_port(0)))

    @cached_property
    def kafka(self) -> KafkaBroker:
        server = EmbeddedBroker(self._home("kafka"), port=0)
        self._start("kafka", server)
        return KafkaBroker(server.bootstrap)

    @cached_property
    def objects(self) -> ObjectServer:
        server = EmbeddedObjects(self._home("objects"), port=0)
        self._start("objects", server)
        self.ends.callback(server.remove_sockets)
        return ObjectServer(server.endpoint, server.access_key, server.secret_key, server.region, "")

    @cached_property
    def relays(self) -> dict[str, Any]:
        """By server: how its store is reached."""
        return {}

    def relay(self, name: str, port: int) -> Any:
        if name not in self.relays:
            self.relays[name] = self.network.relay(port)
        self.relays[name].up()
        return self.relays[name]

    def environment(self) -> dict[str, str]:
        """Of a console on these servers."""
        postgres = self.console.server
        password = secrets.token_urlsafe(16)
        postgres.ensure_role("console_owner", password, create_databases=True)
        postgres.ensure_database(TEMPLATE, owner="console_owner")
        url = postgres.url("console_owner", password, TEMPLATE)
        return {
            "DATABASE_URL": url,
            "DATABASE_OWNER_URL": url,
            "BROKER_URL": self.broker.server.url,
            "SECRET_KEY": secrets.token_urlsafe(40),
            "KEYRING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "PUBLIC_URL": "http://testserver",
            "CONSOLE_VAR": str(self.folder / "var"),
            "WEBHOOK_NETWORKS": "127.0.0.0/8",
        }

    def configure(self) -> None:
        for name in FOREIGN:
            os.environ.pop(name, None)
        os.environ.pop("TEST_USE_CONFIGURED", None)
        os.environ.update(self.environment())

    def new_console(self, name: str) -> None:
        """A migrated console's database of this name."""
        with self.console.server.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER console_owner')

    def drop_console(self, name: str) -> None:
        with self.console.server.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @cached_property
    def store_server(self) -> Server:
        postgres = self.stores.server
        return Server(Database("127.0.0.1", postgres.port, "postgres", "postgres", postgres.password))

    def stop(self) -> None:
        self.ends.close()
