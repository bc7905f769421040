"""One CSV file per data set, for spreadsheets: no cell is ever run as a formula."""

import csv
import io
import re
from typing import IO

from erasure.packages.sections import Section
from governance.console.exporting import csv_cell


def name_of(number: int, section: Section) -> str:
    """`csv/003-shop-public.purchase.csv`: nothing of a name can lead out of the folder."""
    data_set = section.hit.data_set
    plain = re.sub(r"[^\w.-]+", "_", f"{data_set.system.name}-{data_set.name}")
    return f"csv/{number:03d}-{plain[:120]}.csv"


def write(file: IO[bytes], section: Section) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow([csv_cell(name) for name in section.names])
    for table in section.spool:
        writer.writerows([csv_cell(_plain(value)) for value in row.values()] for row in table.to_pylist())
    text.flush()
    text.detach()


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
