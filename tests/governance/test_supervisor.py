"""The supervisor over small programs: relays, restarts, stops in order, leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from governance.console import supervisor as module
from governance.console.supervisor import Ended, Supervisor
from governance.embedded.programs import Program, marked

MARK = "CONSOLE_TEST_MARK"

ENDLESS = "import time\nprint('up', flush=True)\ntime.sleep(60)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ENDLESS
ORDERLY = """
import signal, sys, time
def end(*_):
    open(sys.argv[1], "a").write(sys.argv[2] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    supervisor = Supervisor(tmp_path / "log", say=said.append)
    yield supervisor
    supervisor.stop()


def program(name, code, *arguments, **options):
    return Program(name=name, argv=[sys.executable, "-u", "-c", code, *arguments], **options)


def tick_until(supervisor, condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        supervisor.tick(0.02)


def nothing_left(folder, seconds=5):
    deadline = time.monotonic() + seconds
    while marked(MARK, str(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return marked(MARK, str(folder)) == []


def test_what_a_program_says_is_prefixed_and_logged_privately(supervisor, said, tmp_path):
    supervisor.run(program("step", "import sys; print('out'); sys.stderr.write('no end')"))
    assert said == ["step       | out", "step       | no end"]
    log = tmp_path / "log" / "step.log"
    assert log.read_text() == "out\nno end\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_quiet_program_speaks_to_its_log_only(supervisor, said, tmp_path):
    supervisor.run(program("step", "print('out')", quiet=True))
    assert said == []
    assert (tmp_path / "log" / "step.log").read_text() == "out\n"


def test_much_output_neither_blocks_nor_gets_lost(supervisor, said):
    supervisor.run(program("step", "for n in range(20000): print(n)"))
    assert said == [f"step       | {n}" for n in range(20000)]


def test_a_full_log_is_set_aside(supervisor, tmp_path, monkeypatch):
    monkeypatch.setattr("governance.console.child.LOG_BYTES", 10)
    supervisor.run(program("step", "print('first line'); print('second')"))
    assert (tmp_path / "log" / "step.log.1").read_text() == "first line\n"
    assert (tmp_path / "log" / "step.log").read_text() == "second\n"


def test_a_step_that_fails_names_itself_and_its_log(supervisor, tmp_path):
    with pytest.raises(Ended) as caught:
        supervisor.run(program("migrate", "raise SystemExit(3)"))
    assert str(caught.value) == f"`migrate` failed (exit 3): see {tmp_path / 'log' / 'migrate.log'}."


def test_a_child_that_dies_is_started_again_after_a_growing_pause(supervisor, said, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_FIRST", 0.01)
    monkeypatch.setattr(module, "PAUSE_LONGEST", 0.03)
    supervisor.start(program("web", "raise SystemExit(1)"))
    tick_until(supervisor, lambda: len(said) >= 4)
    assert said[:4] == [
        f"supervisor | web ended (exit 1): it starts again in {pause} s."
        for pause in (0.01, 0.02, 0.03, 0.03)
    ]


def test_the_pause_is_short_again_after_healthy_time(supervisor, said, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_FIRST", 0.01)
    monkeypatch.setattr(module, "HEALTHY_AFTER", 0.0)
    supervisor.start(program("web", "raise SystemExit(1)"))
    tick_until(supervisor, lambda: len(said) >= 3)
    assert {line.rpartition("in ")[2] for line in said} == {"0.01 s."}


def test_a_killed_child_comes_back(supervisor, said, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_FIRST", 0.01)
    child = supervisor.start(program("worker", ENDLESS))
    tick_until(supervisor, lambda: said == ["worker     | up"])
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    tick_until(supervisor, lambda: len(said) == 3)
    assert said[1:] == ["supervisor | worker ended (SIGKILL): it starts again in 0.01 s.", "worker     | up"]
    assert child.process.pid != first


def test_a_child_that_cannot_start_again_leaves_the_others_running(supervisor, said, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_FIRST", 0.01)
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o700)
    other = supervisor.start(program("other", ENDLESS))
    supervisor.start(Program(name="web", argv=[str(script)]))
    script.unlink()
    tick_until(supervisor, lambda: any("No such file" in line for line in said))
    assert other.alive


def test_all_stop_the_last_started_first(supervisor, said, tmp_path):
    order = tmp_path / "order"
    for name in ("postgres", "worker", "web"):
        supervisor.start(program(name, ORDERLY, str(order), name))
    tick_until(supervisor, lambda: len(said) == 3)
    supervisor.stop()
    assert order.read_text() == "web worker postgres "


def test_a_stubborn_child_is_killed_with_its_own_children(supervisor, said, tmp_path):
    code = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {ENDLESS!r}])\n{STUBBORN}"
    env = {MARK: str(tmp_path)}
    supervisor.start(program("worker", code, env=env, stop_seconds=0.2))
    tick_until(supervisor, lambda: said == ["worker     | up"] * 2)
    assert len(marked(MARK, str(tmp_path))) == 2
    supervisor.stop()
    assert said[2:] == ["supervisor | worker does not stop: killed."]
    assert nothing_left(tmp_path)


def test_waiting_ends_with_the_child_or_the_time(supervisor):
    child = supervisor.start(program("redis", "raise SystemExit(1)"))
    with pytest.raises(Ended, match=r"^`redis` did not come up: see .*redis\.log\.$"):
        supervisor.wait_until(lambda: False, child=child, seconds=10)
    slow = supervisor.start(program("slow", ENDLESS))
    with pytest.raises(Ended, match=r"^`slow` did not come up"):
        supervisor.wait_until(lambda: False, child=slow, seconds=0.1)


SUPERVISING = f"""
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests themselves run under nohup
from pathlib import Path
from governance.console.supervisor import Supervisor
from governance.embedded.programs import Program
supervisor = Supervisor(Path(sys.argv[1]), say=lambda line: print(line, flush=True))
supervisor.listen()
for name in ("one", "two"):
    supervisor.start(Program(name=name, argv=[sys.executable, "-u", "-c", {ENDLESS!r}]))
supervisor.serve()
supervisor.stop()
print("stopped", flush=True)
"""


@pytest.fixture
def running(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISING, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        env={**os.environ, MARK: str(tmp_path)},
        text=True,
    )
    assert process.stdout
    said = {process.stdout.readline() for _ in range(2)}
    assert said == {"one        | up\n", "two        | up\n"}
    assert len(marked(MARK, str(tmp_path))) == 3
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_cleanly(running, tmp_path, number):
    running.send_signal(number)
    assert running.stdout.read() == "stopped\n"
    assert running.wait() == 0
    assert marked(MARK, str(tmp_path)) == []


def test_children_do_not_outlive_a_killed_supervisor(running, tmp_path):
    running.kill()
    running.wait()
    assert nothing_left(tmp_path)


def test_what_programs_write_is_nobody_else_s(supervisor, tmp_path):
    written = tmp_path / "letter"
    supervisor.run(Program("writer", [sys.executable, "-c", f"open({str(written)!r}, 'w').write('secret')"]))
    assert written.stat().st_mode & 0o777 == 0o600
