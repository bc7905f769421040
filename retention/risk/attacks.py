"""The three ways to attack an anonymized table, as the Article 29 Working Party names them in Opinion 05/2014 (WP 216):
singling out, linkability and inference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retention.risk.classes import Classes


@dataclass(frozen=True)
class Attack:
    """`rows`: the share of rows it certainly works on. `highest`: the chance for the row that is worst off.
    `average`: the chance over all rows; `without`: the same for who knows no quasi-identifier.
    """

    name: str
    title: str
    meaning: str
    rows: float
    highest: float
    average: float
    without: float


def attacks_on(classes: Classes) -> tuple[Attack, ...]:
    """Inference only where there is a sensitive column."""
    rows, sizes = classes.rows, classes.sizes
    alone = float((sizes == 1).sum() / rows)
    smallest = int(sizes.min())
    found = [
        Attack(
            "singling_out",
            "Singling out",
            "Somebody who knows the quasi-identifiers of a person sees that exactly one row can be theirs.",
            rows=alone,
            highest=float(smallest == 1),
            average=alone,
            without=float(rows == 1),
        ),
        Attack(
            "linkability",
            "Linkability",
            "Somebody with another table of the same people joins the two by the quasi-identifiers, and guesses among "
            "the rows of a class.",
            rows=alone,
            highest=1 / smallest,
            average=len(classes) / rows,
            without=1 / rows,
        ),
    ]
    if len(classes.of):
        most = classes.most_frequent()
        found.append(
            Attack(
                "inference",
                "Inference",
                "Somebody who knows the quasi-identifiers of a person takes the most frequent sensitive value of the "
                "class to be theirs.",
                rows=float(sizes[most == sizes].sum() / rows),
                highest=float(np.max(most / sizes)),
                average=float(most.sum() / rows),
                without=float(classes.reference.max() / classes.reference.sum()),
            )
        )
    return tuple(found)
