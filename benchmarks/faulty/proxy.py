"""A network that can be cut: a TCP relay in front of a store, which refuses while it is down."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress


class Network:
    """All relays of a run, in one thread of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def relay(self, port: int) -> Relay:
        """A way to the server on this port."""
        made = Relay(self, port)
        made.up()
        return made

    def wait(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(20)  # type: ignore[arg-type]


class Relay:
    """`port` leads to the server until `down()`: then connections break, and new ones are refused."""

    def __init__(self, network: Network, target: int) -> None:
        self.network, self.target, self.port = network, target, 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def up(self) -> None:
        self.network.wait(self._listen())

    def down(self) -> None:
        self.network.wait(self._cut())

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._connected, "127.0.0.1", self.port, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, there[1]}
        self._open |= both
        await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        self._open -= both

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while read := await reader.read(65_536):
                writer.write(read)
                await writer.drain()
        writer.close()
