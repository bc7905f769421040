"""A Spark session that listens on loopback, serves no pages and fetches no packages.

Spark's JVM only hands out tasks here: the rows are read, changed and written by Python (see `parts`). So it
is started for a quick start rather than for long SQL: one compiler, a simple garbage collector, no generated code.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retention.anonymization.techniques.base import TechniqueError

LOCAL = "local[2]"
LOOPBACK = "127.0.0.1"
OLDEST_JAVA = 17
PROJECT = Path(__file__).resolve().parents[3]
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.eventLog.enabled": "false",
    "spark.jars.packages": "",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.python.worker.reuse": "true",
    "spark.task.maxFailures": "4",
}


class SparkMissing(TechniqueError):
    """Spark cannot run here, for want of Java or of pyspark."""


def require_spark() -> Any:
    """The module `pyspark.sql`. Raises SparkMissing with what to install."""
    try:
        found = importlib.import_module("pyspark.sql")
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] != "pyspark":
            raise
        raise SparkMissing(
            "Spark is not installed here.", "Install the extra [spark], and Java 17 with it."
        ) from None
    version = java_version()
    if version is None or version < OLDEST_JAVA:
        has = "there is no Java here" if version is None else f"Java {version} is here"
        raise SparkMissing(
            f"Spark needs Java {OLDEST_JAVA} or later, and {has}.",
            "Install openjdk-17-jre-headless, or set JAVA_HOME to where it is.",
        )
    return found


def java_version() -> int | None:
    """The major version of the Java that Spark would start; None where there is none that answers."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin/java") if home else shutil.which("java")
    if not program:
        return None
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found[1]) if found else None


@contextmanager
def spark_session(master: str = LOCAL, *, name: str = "anonymize", memory: str = "1g") -> Iterator[Any]:
    """A session on `master`, stopped at the end unless it was there before. Raises SparkMissing.

    With a local master everything stays on loopback. With a cluster the executors must reach this process: it binds to
    SPARK_LOCAL_IP then, as Spark itself does, and the executors need this package and its libraries installed.
    """
    sql = require_spark()
    found = sql.SparkSession.getActiveSession()
    if found is not None:
        yield found
        return
    builder = sql.SparkSession.builder.master(master).appName(name).config("spark.driver.memory", memory)
    for option, value in OPTIONS.items():
        builder = builder.config(option, value)
    if is_local(master):
        os.environ.setdefault("SPARK_LOCAL_IP", LOOPBACK)  # otherwise it asks what this machine is called
        builder = (
            builder.config("spark.driver.bindAddress", LOOPBACK)
            .config("spark.driver.host", LOOPBACK)
            .config("spark.executorEnv.PYTHONPATH", str(PROJECT))
        )
    session = builder.getOrCreate()
    if is_local(master):
        session.sparkContext.pythonExec = sys.executable  # otherwise whatever `python3` is on the path
    # Executors print what a task raised, with its words; ours hold no values, and still nobody needs them twice.
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()


def is_local(master: str) -> bool:
    return master.split("[")[0] == "local"
