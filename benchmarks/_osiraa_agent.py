"""The agent's side of `benchmarks.osiraa`, run by a Python that has what OSIRAA imports.

Its own functions build, sign and send the messages, and its own checks read the answers; this file only calls them.
What it prints is JSON: for each check, its endpoint, its name and what it said.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django

# A check asks for these spellings; the specification has a dash.
SPELT = {"sale:opt-out": "sale:opt_out", "sale:opt-in": "sale:opt_in"}
EXERCISED = [
    (action, regime) for action in ("access", "deletion", "sale:opt-out") for regime in ("ccpa", "voluntary")
]
OPT_IN = [("sale:opt-in", "ccpa"), ("sale:opt-in", "voluntary")]
said: list[dict[str, Any]] = []


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("osiraa", type=Path)
    parser.add_argument("base")
    parser.add_argument("business")
    parser.add_argument("--expired", nargs=2, metavar=("TOKEN", "REQUEST"))
    options = parser.parse_args()
    sys.path.insert(0, str(options.osiraa / "drp_aa_mvp"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "drp_aa_mvp.settings"
    django.setup()
    if options.expired:
        token, request_id = options.expired
        look(options.base, token, request_id)
        print(json.dumps({"said": said}))
        return
    print(json.dumps(converse(options.base, options.business) | {"said": said}))


def converse(base: str, business: str) -> dict[str, str]:
    """Set up the key, exercise each right, read each status, revoke; the token and a request nobody will confirm."""
    from data_rights_request import views as agent  # noqa: PLC0415  OSIRAA's, now that Django is set up
    from reporting import views as checks  # noqa: PLC0415

    setup = agent.create_setup_pairwise_key_request_json(business)
    answer = agent.post_agent(f"{base}/v1/agent/{agent.auth_agent_drp_id}", signed(setup))
    check("pairwise key setup", checks.test_pairwise_key_setup_endpoint, setup, answer)
    token = answer.json()["token"]
    answer = agent.get_agent(f"{base}/v1/agent/{agent.auth_agent_drp_id}", token)
    check("agent information", checks.test_agent_information_endpoint, base, answer)

    requests = []
    for number, (action, regime) in enumerate([*EXERCISED, *OPT_IN]):
        asked, answer = exercise(
            base, business, token, action, regime, f"person{number}@example.org", verified=True
        )
        only = "sale:opt_in" if action == "sale:opt-in" else ""
        # The checks compare a list, as a version before this one sent it.
        shown = asked | {"exercise": [SPELT.get(action, action)]}
        check("exercise", checks.test_exercise_endpoint, shown, answer, only=only)
        if "request_id" in answer.json():
            requests.append(answer.json()["request_id"])
    asked, answer = exercise(base, business, token, "deletion", "ccpa", "late@example.org", verified=False)
    check("exercise", checks.test_exercise_endpoint, asked | {"exercise": ["deletion"]}, answer)
    late = answer.json()["request_id"]
    for request_id in [*requests, late]:
        look(base, token, request_id)
    answer = agent.post_revoke(
        f"{base}/v1/data-rights-request/{requests[0]}", token, signed(agent.create_revoke_request_json("No."))
    )
    check("revoke", checks.test_revoked_endpoint, base, answer)
    look(base, token, requests[0])
    return {"token": token, "late": late}


def exercise(
    base: str, business: str, token: str, action: str, regime: str, email: str, *, verified: bool
) -> tuple[dict[str, Any], Any]:
    from data_rights_request import views as agent  # noqa: PLC0415

    person = SimpleNamespace(first_name="Ana", last_name="Lima", email=email, email_verified=verified)
    covered = SimpleNamespace(cb_id=business, supported_verifications=["email"])
    asked = agent.create_exercise_request_json(person, covered, action, regime)
    return asked, agent.post_exercise_rights(f"{base}/v1/data-rights-request", token, signed(asked))


def look(base: str, token: str, request_id: str) -> None:
    from data_rights_request import views as agent  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415
    from reporting import views as checks  # noqa: PLC0415

    answer = agent.get_status(f"{base}/v1/data-rights-request/", request_id, token)
    # One check reads the id from the query of a Django request, which OSIRAA's own page does not hand it.
    page = RequestFactory().get("/", {"request_id": request_id})
    name = f"Response valid for status {answer.json()['status']}"
    check("status", checks.test_status_endpoint, page, answer, if_it_breaks=name)


def signed(message: dict[str, Any]) -> bytes:
    from data_rights_request import views as agent  # noqa: PLC0415

    return agent.sign_request(agent.signing_key, message)


def check(
    endpoint: str,
    suite: Callable[[Any, Any], list[dict[str, Any]]],
    asked: Any,
    answer: Any,
    *,
    only: str = "",
    if_it_breaks: str = "",
) -> None:
    """What the suite says of one answer. Where it raises, the check that did is said to be broken."""
    try:
        results = suite(asked, answer)
    except (TypeError, AttributeError, KeyError) as problem:
        results = [{"name": if_it_breaks, "result": f"raises {type(problem).__name__}"}]
    for result in results:
        verdict = result["result"]
        if only in result["name"]:
            said.append(
                {
                    "endpoint": endpoint,
                    "name": result["name"],
                    "result": verdict if isinstance(verdict, (bool, str)) else bool(verdict),
                }
            )


if __name__ == "__main__":
    main()
