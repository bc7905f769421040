"""The Adult data set, its hierarchies, and what ARX finds on it."""

import csv
from pathlib import Path

import pyarrow.csv as pa_csv

from retention.anonymization.hierarchies import load_hierarchy
from retention.risk.collapsing import collapse

FOLDER = Path(__file__).parents[2] / "data/adult"
QUASI = ("age", "education", "marital-status", "occupation", "sex", "native-country")


def rows():
    return pa_csv.read_csv(FOLDER / "adult.csv", parse_options=pa_csv.ParseOptions(delimiter=";"))


def combinations(columns):
    return collapse(rows().select(columns).to_batches(), columns)


def hierarchies():
    return {
        path.stem.removeprefix("adult_hierarchy_"): load_hierarchy(path)
        for path in (FOLDER / "hierarchies").iterdir()
    }


def optima():
    with (FOLDER / "optima.csv").open() as file:
        return list(csv.DictReader(file))
