"""Who acts, and on behalf of which request: ambient for the length of a web request, a job or a command."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is user, subject, system or visitor; `id` a pseudonymous identifier (a user's UUID), never a name."""

    kind: str
    id: str
    role: str = ""

    def __post_init__(self) -> None:
        if not (isinstance(self.kind, str) and isinstance(self.id, str) and isinstance(self.role, str)):
            raise TypeError("Who acts is told in texts.")

    def as_json(self) -> dict[str, str]:
        return {"kind": self.kind, "id": self.id, "role": self.role}


class NoActor(RuntimeError):
    """Something was to be recorded outside any `acting` block: nobody would be answerable for it."""


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)
_correlation: ContextVar[str] = ContextVar("correlation", default="")


@contextmanager
def acting(actor: Actor, *, correlation: str = "") -> Iterator[None]:
    """Everything recorded inside is recorded as done by `actor`, under one correlation id."""
    actor_token = _actor.set(actor)
    correlation_token = _correlation.set(str(correlation) or _correlation.get() or uuid.uuid4().hex)
    try:
        yield
    finally:
        _actor.reset(actor_token)
        _correlation.reset(correlation_token)


def current_actor() -> Actor:
    """Raises NoActor outside an `acting` block."""
    actor = _actor.get()
    if actor is None:
        raise NoActor("Nobody is acting: wrap the change in `audit.ledger.context.acting(...)`.")
    return actor


def current_correlation() -> str:
    return _correlation.get()


def become(actor: Actor) -> None:
    """Within the current `acting` block, go on as somebody else: a web request whose token has been checked."""
    current_actor()
    _actor.set(actor)
