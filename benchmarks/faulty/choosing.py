"""Which fault strikes which step at which moment: drawn from a seed, so that a run can be had again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FAULTS = ("sigkill", "database", "flush", "network", "lie")
STORES = ("sqlite", "duckdb", "folder", "redis", "s3", "clicks", "carts", "iceberg")
CAN_BE_CUT = ("postgresql", "redis", "s3", "folder", "sqlite", "duckdb")
LIARS = ("postgresql", "sqlite", "duckdb", "folder", "redis", "s3")
BESIDE = ("hold", "totals", "crm", "crm by letter", "recipient", "vault", "training")

# By kind of step: what the estate needs for it to come up, and the moments of the worker that belong to it.
STEPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "find": (
        (),
        ("find: before find", "find: before entry person.searched", "find: after entry person.searched"),
    ),
    "plan": (
        (),
        (
            "find: before rehearse",
            "find: after rehearse",
            "find: before entry plan.made",
            "find: after entry plan.made",
            "find: after commit",
            "find: after the work",
        ),
    ),
    "start": ((), ("execute: before entry plan.started", "execute: after entry plan.started")),
    "delete": ((), ("execute: before delete", "execute: after delete")),
    "anonymize": (("hold",), ("execute: before anonymize", "execute: after anonymize")),
    "tombstone": (("carts",), ("execute: before tombstone", "execute: after tombstone")),
    "outlive": (("clicks",), ("execute: before outlive", "execute: after outlive")),
    "settle": ((), ("execute: before settle", "execute: after settle")),
    "read back": ((), ("execute: before reading back", "execute: after reading back")),
    "cursor": ((), ("execute: before saving the step", "execute: after saving the step")),
    "close step": (
        (),
        ("execute: before entry step.done", "execute: after entry step.done", "execute: after commit"),
    ),
    "ask custodian": (
        ("crm by letter",),
        (
            "execute: before ask_custodian",
            "execute: after ask_custodian",
            "execute: before letter",
            "execute: after letter",
        ),
    ),
    "webhook": (("crm",), ("execute: after ask_custodian", ": before webhook", ": after webhook")),
    "notify": (
        ("recipient",),
        (
            "execute: before notify",
            "execute: after notify",
            "execute: before letter",
            "execute: after letter",
        ),
    ),
    "shred": (("vault",), ("execute: before shred", "execute: after shred")),
    "recompute": (("totals",), ("execute: before recompute", "execute: after recompute")),
    "exclude": (("training",), ("execute: before exclude", "execute: after exclude")),
    "verify": (
        (),
        ("verify: before search", "verify: before find", "verify: after find", "verify: after search"),
    ),
    "conclude": (
        (),
        (
            "execute: before entry erasure.verified",
            "execute: before entry request.completed",
            "execute: after entry request.completed",
            "execute: after the work",
        ),
    ),
    "letter": ((), (": before letter", ": after letter")),
    "anywhere": ((), ("execute: before statement", "execute: after statement", "execute: after commit")),
}
OFTEN = {
    "statement": 120,
    "commit": 10,
    "find": 5,
    "saving the step": 8,
    "delete": 3,
    "settle": 3,
    "reading back": 3,
}


@dataclass
class Choice:
    """One run: everything that chance decides."""

    number: int
    seed: int
    fault: str
    step: str
    moment: str
    nth: int
    act: str  # how the worker is struck: "kill", "kill child", or it waits for the fault
    estate: list[str]
    persons: list[int]
    overlap: bool
    pool: str = "prefork"
    workers: int = 2
    where: str = ""  # the store that is cut off, that lies, or the database that crashes
    long: bool = False  # the fault lasts until the work has failed
    blind: bool = False  # the liar also denies to whoever wrote
    more: list[str] = field(default_factory=list)


def choose(
    number: int,
    seed: int,
    faults: tuple[str, ...] = FAULTS,
    steps: tuple[str, ...] = (),
    *,
    small: bool = False,
) -> Choice:
    """The run of this number: faults and kinds of step in turn, everything else by chance.

    A small one has the shop and a file, and one person whose first rows are struck; each fault comes as often.
    """
    dice = random.Random(f"{seed}/{number}")
    weighted = [fault for fault in faults for _ in range(3 if fault == "sigkill" and not small else 1)]
    fault = weighted[number % len(weighted)]
    possible = steps or tuple(STEPS)
    step = possible[number // len(weighted) * 5 % len(possible) - number % len(weighted) * 3 % len(possible)]
    needed, moments = STEPS[step]
    moment = dice.choice(moments)
    most = max((many for word, many in OFTEN.items() if moment.endswith(word)), default=1)
    nth = dice.randint(1, most)
    rest = [each for each in (*STORES, *BESIDE) if each not in needed]
    if "crm" in needed:
        rest.remove("crm by letter")
    if "crm by letter" in needed:
        rest.remove("crm")
    estate = [*needed, *dice.sample(rest, dice.randint(2, 4))]
    if {"crm", "crm by letter"} <= set(estate):
        estate.remove("crm by letter")
    where = ""
    if fault == "network":
        where = dice.choice([each for each in CAN_BE_CUT if each in estate or each == "postgresql"])
    elif fault == "lie":
        where = dice.choice([each for each in LIARS if each in estate or each == "postgresql"])
    elif fault == "database":
        where = dice.choice(["console", "stores"])
    persons = dice.sample(range(1, 25), dice.choice([1, 1, 2, 2, 3]))
    act = {"sigkill": dice.choice(["kill", "kill", "kill child"]), "lie": "none"}.get(fault, "wait")
    if small:
        estate, persons, nth = [*needed, "sqlite"], persons[:1], 1
        where = {"network": "postgresql", "lie": "sqlite"}.get(fault, where)
    return Choice(
        number=number,
        seed=seed,
        fault=fault,
        step=step,
        moment=moment,
        nth=nth,
        act=act,
        estate=estate,
        persons=persons,
        overlap=len(persons) > 1 and dice.random() < 0.4,
        where=where,
        long=dice.random() < 0.5,
        blind=dice.random() < 0.5,
    )
