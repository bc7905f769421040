"""One program under the supervisor's care: its process, the lines it says, its log file."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

from governance.embedded.programs import Program, kill_group

LOG_BYTES = 5_000_000
LINE_BYTES = 65_536


class Child:
    """Starts `program`, passes each line it says to `say` behind its name, and writes it to its log."""

    def __init__(self, program: Program, *, log_dir: Path, say: Callable[[str], None]) -> None:
        self.program = program
        self.log_path = log_dir / f"{program.name}.log"
        self.say = say
        self.log = self._open_log()
        self.process: Popen[bytes] | None = None
        self.started = 0.0
        self.ending = ""
        self._rest = b""  # of a line that has no end yet

    def start(self) -> IO[bytes]:
        """Start the program; the pipe it speaks into. OSError, or what its `prepare` raises."""
        self.started = time.monotonic()
        self.process = self.program.spawn(output=PIPE)
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process.stdout

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process is not None and self.alive:
            self.process.send_signal(self.program.stop_signal)

    def bury(self) -> int:
        """Kill what is left of its process group, pass on its last words; the exit status."""
        assert self.process is not None
        kill_group(self.process.pid)
        status = self.process.wait()
        while self.relay():
            pass
        if self._rest:
            self._write(self._rest)
            self._rest = b""
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        self.ending = f"exit {status}" if status >= 0 else signal.Signals(-status).name
        return status

    def relay(self) -> bool:
        """Pass on what stands in the pipe; False when there was nothing."""
        if self.process is None or self.process.stdout is None:
            return False
        try:
            said = os.read(self.process.stdout.fileno(), LINE_BYTES)
        except BlockingIOError:
            return False
        *lines, self._rest = (self._rest + said).split(b"\n")
        if len(self._rest) > LINE_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._write(line)
        return bool(said)

    def _write(self, line: bytes) -> None:
        if self.log.tell() > LOG_BYTES:
            self.log.close()
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
            self.log = self._open_log()
        self.log.write(line + b"\n")
        if not self.program.quiet:
            self.say(f"{self.program.name:10} | {line.decode(errors='replace').rstrip()}")

    def _open_log(self) -> IO[bytes]:
        log = os.fdopen(
            os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0
        )
        log.seek(0, os.SEEK_END)
        return log
