"""The register of agents and controllers: who may send by protocol, under which key or token."""

import base64
import binascii
import re
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.protocols import events
from erasure.protocols.models import Agent, Business, Controller
from erasure.protocols.tokens import renew
from erasure.requests.regimes import regimes
from erasure.requests.states import NotNow

KEY_BYTES = 32
SET_BY_US = {"token_digest", "token_issued_at", "ended_at"}
IDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
LOW_ORDER = re.compile(rb"\x00{32}|\x01\x00{31}")  # nobody's keys: anybody can sign for them


@transaction.atomic
def set_business(**values: str) -> Business:
    """How we are known in the network. Raises ValidationError by field."""
    business = Business.objects.select_for_update().first() or Business()
    for name, value in values.items():
        setattr(business, name, value.strip())
    _check_id("business_id", business.business_id)
    if business.voluntary_regime not in regimes():
        raise ValidationError({"voluntary_regime": "Choose a law that the console knows."})
    business.full_clean()
    business.save()
    record(events.BUSINESS_SET, business, voluntary_regime=business.voluntary_regime)
    return business


@transaction.atomic
def register_agent(
    *,
    agent_id: str,
    name: str,
    verify_key: str,
    vouches: bool = False,
    assurance_url: str = "",
    contact_email: str = "",
) -> Agent:
    """An agent whose messages are taken from now on. Raises ValidationError by field."""
    agent = Agent(
        agent_id=agent_id.strip(),
        name=name.strip(),
        verify_key=verify_key.strip(),
        vouches=vouches,
        assurance_url=assurance_url,
        contact_email=contact_email,
    )
    _check(agent)
    agent.save()
    record(events.AGENT_REGISTERED, agent, key=sha256(agent.key).hexdigest(), vouches=vouches)
    return agent


@transaction.atomic
def change_agent(
    agent: Agent,
    *,
    name: str,
    verify_key: str,
    vouches: bool = False,
    assurance_url: str = "",
    contact_email: str = "",
) -> bool:
    """Change what is said of the agent; whether anything was. Under a new key it needs a new token.

    Raises ValidationError by field.
    """
    agent = Agent.objects.select_for_update().get(pk=agent.pk)
    wanted = {
        "name": name.strip(),
        "verify_key": verify_key.strip(),
        "vouches": vouches,
        "assurance_url": assurance_url,
        "contact_email": contact_email,
    }
    changed = sorted(field for field, value in wanted.items() if getattr(agent, field) != value)
    if not changed:
        return False
    for field in changed:
        setattr(agent, field, wanted[field])
    _check(agent)
    if "verify_key" in changed:
        agent.token_digest = agent.token_issued_at = None
    agent.save()
    record(events.AGENT_CHANGED, agent, fields=changed)
    return True


@transaction.atomic
def end_agent(agent: Agent) -> None:
    """Take nothing more from it; what it sent goes its way. Raises NotNow if that was so before."""
    if not Agent.objects.filter(pk=agent.pk, ended_at=None).update(
        ended_at=timezone.now(), token_digest=None, token_issued_at=None
    ):
        raise NotNow(f"{agent} was ended before.")
    record(events.AGENT_ENDED, agent)


@transaction.atomic
def register_controller(*, controller_id: str, name: str, contact_email: str = "") -> tuple[Controller, str]:
    """A controller and its token, which nobody can show again. Raises ValidationError by field."""
    controller = Controller(
        controller_id=controller_id.strip(), name=name.strip(), contact_email=contact_email
    )
    _check_id("controller_id", controller.controller_id)
    controller.full_clean(exclude=SET_BY_US)
    controller.save()
    record(events.CONTROLLER_REGISTERED, controller)
    return controller, renew(controller)


@transaction.atomic
def renew_token(controller: Controller) -> str:
    """A new token; the earlier one opens nothing any more. Raises NotNow for one that has ended."""
    controller = Controller.objects.select_for_update().get(pk=controller.pk)
    if controller.ended_at:
        raise NotNow(f"{controller} has ended: register it under another id.")
    record(events.CONTROLLER_TOKEN_RENEWED, controller)
    return renew(controller)


@transaction.atomic
def end_controller(controller: Controller) -> None:
    """Take nothing more from it. Raises NotNow if that was so before."""
    if not Controller.objects.filter(pk=controller.pk, ended_at=None).update(
        ended_at=timezone.now(), token_digest=None, token_issued_at=None
    ):
        raise NotNow(f"{controller} was ended before.")
    record(events.CONTROLLER_ENDED, controller)


def _check(agent: Agent) -> None:
    _check_id("agent_id", agent.agent_id)
    try:
        key = base64.b64decode(agent.verify_key, validate=True)
        Ed25519PublicKey.from_public_bytes(key)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES or LOW_ORDER.fullmatch(key):
        raise ValidationError({"verify_key": "This is not an Ed25519 verify key: 32 bytes in base64."})
    agent.full_clean(exclude=SET_BY_US)


def _check_id(field: str, value: str) -> None:
    if not IDS.fullmatch(value):
        raise ValidationError({field: "Up to 60 letters, digits, dots, dashes and underscores."})
