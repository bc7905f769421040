"""OSIRAA, the conformance suite of the Data Rights Protocol: its agent talks to a console, its checks read the answers.

    git clone https://github.com/consumer-reports-innovation-lab/osiraa ../osiraa
    python -m venv ../osiraa/.venv
    ../osiraa/.venv/bin/pip install Django==3.2.12 arrow==1.1.1 requests==2.26.0 validators==0.20.0 PyNaCl==1.5.0 \
        psycopg2-binary==2.9.9 whitenoise==5.3.0
    python -m benchmarks.osiraa --osiraa ../osiraa --python ../osiraa/.venv/bin/python

The console is one of its own, as `manage.py up` starts it. OSIRAA signs, sends and judges with its own code.
"""

import argparse
import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.ground import table
from governance.embedded.programs import choose_port
from tests.services.console import Console, own_console

BUSINESS = "ACME_GMBH"
AGENT_ID = "CR_AA_DRP_ID_001_LOCAL"  # of OSIRAA's settings, and its public key there
VERIFY_KEY = "jkX15E7+NA/0E7K5YAp7+GndMP6/Fa0dJJYyr1GJPoQ="
ENDPOINTS = {
    "test_exercise_endpoint": "exercise",
    "test_status_endpoint": "status",
    "test_revoked_endpoint": "revoke",
    "test_pairwise_key_setup_endpoint": "pairwise key setup",
    "test_agent_information_endpoint": "agent information",
}
SET_UP = f"""
from audit.ledger.context import Actor, acting
from erasure.protocols import registering
with acting(Actor("system", "benchmark")):
    registering.set_business(business_id="{BUSINESS}")
    registering.register_agent(agent_id="{AGENT_ID}", name="OSIRAA", verify_key="{VERIFY_KEY}", vouches=True)
"""
RUN_OUT = """
from django.utils import timezone
from erasure.models import IdentityCheck
IdentityCheck.objects.filter(request__received_by_protocol__public_id="{late}").update(expires_at=timezone.now())
"""
PASSES, SOMETIMES, FAILS, SILENT, BROKEN, UNASKED = (
    "pass",
    "pass for some answers",
    "fail",
    "say Unknown whatever is answered",
    "raise an error whatever is answered",
    "not asked",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--osiraa", type=Path, required=True, help="a checkout of the suite")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="that has what it imports")
    options = parser.parse_args()
    checks = named_checks(options.osiraa)
    with own_console() as console:
        base = console.start(choose_port(0), seconds=300).rstrip("/") + "/protocols/drp"
        console.manage("shell", "-c", SET_UP)
        said = converse(console, options, base)
    print(report({each: verdict(said, each) for each in checks}))


def converse(console: Console, options: argparse.Namespace, base: str) -> list[dict[str, Any]]:
    """All that the suite said; of a request whose link ran out, once it has."""
    first = agent(options, base)
    console.manage("shell", "-c", RUN_OUT.format(late=first["late"]))
    return first["said"] + agent(options, base, "--expired", first["token"], first["late"])["said"]


def agent(options: argparse.Namespace, base: str, *arguments: str) -> dict[str, Any]:
    script = Path(__file__).with_name("_osiraa_agent.py")
    done = subprocess.run(
        [options.python, script, options.osiraa.resolve(), base, BUSINESS, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        sys.exit(f"OSIRAA’s side failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def named_checks(osiraa: Path) -> list[tuple[str, str]]:
    """Each check of the suite, by endpoint and name, read from its source."""
    source = (osiraa / "drp_aa_mvp" / "reporting" / "views.py").read_text()
    found = []
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef) and (endpoint := ENDPOINTS.get(function.name)):
            for node in ast.walk(function):
                if isinstance(node, ast.Dict) and [getattr(key, "value", "") for key in node.keys][:1] == [
                    "name"
                ]:
                    found.append((endpoint, ast.literal_eval(node.values[0])))
    return found


def verdict(said: list[dict[str, Any]], check: tuple[str, str]) -> str:
    results = [each["result"] for each in said if (each["endpoint"], each["name"]) == check]
    told = {result for result in results if result != "N/A"}
    if not told:
        return UNASKED
    if told == {"Unknown"}:
        return SILENT
    if any(isinstance(result, str) and result.startswith("raises") for result in told):
        return BROKEN
    if told == {True}:
        return PASSES
    return SOMETIMES if True in told else FAILS


def report(verdicts: dict[tuple[str, str], str]) -> str:
    counted = ", ".join(f"{number} {what}" for what, number in Counter(verdicts.values()).most_common())
    rest = [[endpoint, name, what] for (endpoint, name), what in verdicts.items() if what != PASSES]
    return f"{len(verdicts)} named checks: {counted}\n\n{table(['endpoint', 'check', 'verdict'], rest)}"


if __name__ == "__main__":
    main()
