"""An authorized agent and a controller as they are outside: their own keys, and the documented protocols alone."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from erasure.protocols import registering
from erasure.protocols.models import Agent, Controller

BUSINESS = "ACME_GMBH"
DRP = "/protocols/drp/v1"


class AgentSystem:
    """Signs as libsodium does: the signature before the message, base64 around both."""

    def __init__(self, agent_id: str = "CR_AA") -> None:
        self.agent_id = agent_id
        self.key = Ed25519PrivateKey.generate()
        self.token = ""
        self.client = Client()

    @property
    def verify_key(self) -> str:
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What every message says, `changed`; None leaves it out. Underscores are dashes, but in names of claims."""
        now = timezone.now()
        claims: dict[str, Any] = {
            "agent-id": self.agent_id,
            "business-id": BUSINESS,
            "issued-at": (now - timedelta(seconds=1)).isoformat(timespec="milliseconds"),
            "expires-at": (now + timedelta(minutes=5)).isoformat(timespec="milliseconds"),
            "drp.version": "1.0",
        }
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def exercise_claims(self, **changed: Any) -> dict[str, Any]:
        asked = {"exercise": "deletion", "regime": "ccpa", "name": "Ana Lima", "email": "ana@example.org"}
        return self.claims(**asked | {"email_verified": True} | changed)

    def sign(self, claims: Any) -> bytes:
        message = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        return base64.b64encode(self.key.sign(message) + message)

    def send(self, method: str, path: str, body: bytes = b"") -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        send = getattr(self.client, method)
        if method == "get":
            return send(f"{DRP}{path}", headers=headers)
        return send(f"{DRP}{path}", body, content_type="text/plain", headers=headers)

    def pair(self, **changed: Any) -> HttpResponse:
        answer = self.send("post", f"/agent/{self.agent_id}", self.sign(self.claims(**changed)))
        if answer.status_code == 200:
            self.token = answer.json()["token"]
        return answer

    def exercise(self, **changed: Any) -> HttpResponse:
        return self.send("post", "/data-rights-request", self.sign(self.exercise_claims(**changed)))

    def status(self, request_id: str) -> HttpResponse:
        return self.send("get", f"/data-rights-request/{request_id}")

    def revoke(self, request_id: str, body: bytes | None = None) -> HttpResponse:
        signed = self.sign({"reason": "I changed my mind"}) if body is None else body
        return self.send("delete", f"/data-rights-request/{request_id}", signed)


@pytest.fixture
def business(db: None) -> None:
    registering.set_business(business_id=BUSINESS)


@pytest.fixture
def outside(business: None) -> AgentSystem:
    """Registered and paired; its verification of identities does not count."""
    system = AgentSystem()
    registering.register_agent(agent_id=system.agent_id, name="Permission Slip", verify_key=system.verify_key)
    assert system.pair().status_code == 200
    return system


@pytest.fixture
def agent(outside: AgentSystem) -> Agent:
    return Agent.objects.get(agent_id=outside.agent_id)


@pytest.fixture
def trusted(outside: AgentSystem, agent: Agent) -> AgentSystem:
    registering.change_agent(agent, name=agent.name, verify_key=agent.verify_key, vouches=True)
    return outside


class ControllerSystem:
    def __init__(self, token: str) -> None:
        self.token = token
        self.client = Client()

    def body(self, **changed: Any) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "regulation": "gdpr",
            "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
            "subject_request_type": "erasure",
            "submitted_time": "2026-10-02T15:00:00Z",
            "subject_identities": [
                {"identity_type": "email", "identity_value": "ana@example.org", "identity_format": "raw"}
            ],
            "api_version": "2.0",
        }
        return {name: value for name, value in (asked | changed).items() if value is not None}

    def send(self, method: str, path: str, body: bytes | None = None) -> HttpResponse:
        arguments: dict[str, Any] = {"headers": {"Authorization": f"Bearer {self.token}"}}
        if body is not None:
            arguments |= {"data": body, "content_type": "application/json"}
        return getattr(self.client, method)(f"/protocols/opendsr/v2{path}", **arguments)

    def ask(self, **changed: Any) -> HttpResponse:
        return self.send("post", "/requests", json.dumps(self.body(**changed)).encode())


@pytest.fixture
def shop(db: None) -> ControllerSystem:
    """A controller for whom we process, and its token."""
    _, token = registering.register_controller(controller_id="shop", name="Shop Ltd")
    return ControllerSystem(token)


@pytest.fixture
def controller(shop: ControllerSystem) -> Controller:
    return Controller.objects.get()


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Callable) -> Callable:
    """`with committed():` what happens after the transaction happens."""
    return lambda: django_capture_on_commit_callbacks(execute=True)
