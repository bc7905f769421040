"""The market research panel: people nobody invented one by one, enough of them to measure risk and ask for statistics.

Drawn by a seeded generator, so the same bytes everywhere. Nobody's data: ages, codes and sums follow made-up weights.
"""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from erasure.demo.exports import replace_file
from governance.console.models import User
from retention.anonymization.hierarchies import Hierarchy
from retention.risk import building, importing
from retention.risk.models import Hierarchy as StoredHierarchy

SYSTEM, FOLDER = "Chinook panel", "demo-panel"
COPIES, COPIES_FOLDER = "Chinook safe copies", "demo-copies"  # where anonymization delivers to
FILE = "panel/participants.parquet"
PEOPLE = 20_000
SEED = "chinook panel"
SCHEMA = pa.schema(
    [
        pa.field("participant_id", pa.int32(), nullable=False),
        pa.field("email", pa.string(), nullable=False),
        pa.field("age", pa.int32(), nullable=False),
        pa.field("gender", pa.string(), nullable=False),
        pa.field("postal_code", pa.string(), nullable=False),
        pa.field("education", pa.string(), nullable=False),
        pa.field("occupation", pa.string(), nullable=False),
        pa.field("favourite_genre", pa.string(), nullable=False),
        pa.field("monthly_spend", pa.decimal128(8, 2), nullable=False),
    ]
)
OLDEST = 89
GENDERS = {"female": 49, "male": 49, "other": 2}
# Districts of Berlin, Hamburg, Munich, Cologne and Leipzig: each with codes of its own.
DISTRICTS = {
    "101": 9,
    "104": 7,
    "109": 6,
    "203": 6,
    "221": 5,
    "803": 6,
    "813": 5,
    "506": 5,
    "508": 4,
    "041": 3,
}
EDUCATION = {"school": 30, "apprenticeship": 38, "bachelor": 16, "master": 13, "doctorate": 3}
SCHOOLING = {"school": "no degree", "apprenticeship": "no degree"}
OCCUPATIONS = {
    "office": 26,
    "trade": 18,
    "care": 14,
    "teaching": 9,
    "engineering": 12,
    "retired": 15,
    "student": 6,
}
GENRES = {"Rock": 30, "Pop": 22, "Metal": 10, "Jazz": 9, "Classical": 9, "Latin": 8, "Hip Hop": 12}


def write(var_dir: Path, *, again: bool = False) -> bool:
    """Write the panel unless it is there; with `again`, anew. Whether it had to. The folder of copies is made, too."""
    (var_dir / COPIES_FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    path = var_dir / FOLDER / FILE
    if path.exists() and not again:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    sink = io.BytesIO()
    pq.write_table(participants(), sink, row_group_size=5_000)
    replace_file(path, sink.getvalue())
    return True


def settings(var_dir: Path) -> dict[str, str]:
    """For the connector of the panel."""
    return {"path": str(var_dir / FOLDER)}


def copies_settings(var_dir: Path) -> dict[str, str]:
    """For the connector of the folder that copies are delivered to."""
    return {"path": str(var_dir / COPIES_FOLDER)}


def participants() -> pa.Table:
    """One row for each of the panel."""
    dice = Random(SEED)  # noqa: S311 (a sample, no secret)
    ages = [min(OLDEST, 16 + int(dice.betavariate(2, 2.6) * 76)) for _ in range(PEOPLE)]
    columns = {
        "participant_id": range(1, PEOPLE + 1),
        "email": [f"panel.{number:05}@example.org" for number in range(1, PEOPLE + 1)],
        "age": ages,
        "gender": _drawn(dice, GENDERS),
        "postal_code": [f"{start}{dice.randrange(12):02}" for start in _drawn(dice, DISTRICTS)],
        "education": _drawn(dice, EDUCATION),
        "occupation": _drawn(dice, OCCUPATIONS),
        "favourite_genre": _drawn(dice, GENRES),
        "monthly_spend": [_spend(dice, age) for age in ages],
    }
    return pa.table(
        {name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}, SCHEMA
    )


def hierarchies() -> dict[str, Hierarchy]:
    """How each quasi-identifier of the panel becomes coarser."""
    ages = [str(age) for age in range(16, OLDEST + 1)]
    codes = [f"{start}{number:02}" for start in DISTRICTS for number in range(12)]
    degrees = [(level, SCHOOLING.get(level, "degree"), "*") for level in EDUCATION]
    return {
        "Panel: age": building.bands("Panel: age", ages, [5, 10, 20]),
        "Panel: postal code": building.prefixes("Panel: postal code", codes, [4, 3, 2]),
        "Panel: education": Hierarchy("Panel: education", tuple(zip(*degrees, strict=True))),
        "Panel: gender": building.keep_or_hide("Panel: gender", list(GENDERS)),
        "Panel: occupation": building.keep_or_hide("Panel: occupation", list(OCCUPATIONS)),
    }


def keep_hierarchies(owner: User | None) -> None:
    """Import those that the console does not have yet."""
    known = set(StoredHierarchy.objects.values_list("name", flat=True))
    for name, hierarchy in hierarchies().items():
        if name not in known:
            lines = "\n".join(";".join(line) for line in zip(*hierarchy.levels, strict=True))
            importing.import_hierarchy(name, lines, owner=owner, delimiter=";")


def _drawn(dice: Random, weights: dict[str, int]) -> list[str]:
    return dice.choices(list(weights), list(weights.values()), k=PEOPLE)


def _spend(dice: Random, age: int) -> Decimal:
    """Euros a month: more in the middle years, never above 200."""
    middle = 12 + 30 * (1 - abs(age - 42) / 50)
    return Decimal(min(20_000, max(0, round(dice.gammavariate(2, max(middle, 4) / 2) * 100)))) / 100
