"""CSV as it comes, to look at and never to rewrite: what an erasure must refuse is put right here, and said.

Columns without a name or with one that another has are given names, a first line that is data is no header, and lines
with more or fewer fields than the header are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

from catalog.classification.patterns import EMAIL
from catalog.connectors.base import Malformed
from catalog.connectors.csv_file import CsvFile, Opened
from catalog.connectors.csv_records import Record

# Nobody names a column so: nine digits and more, as telephone and identity numbers have them.
_NUMBER = re.compile(r"\+?\(?(?:\d[ ().-]{0,2}){9,}")


class LenientCsvFile(CsvFile):
    """`remarks` say what was put right in the reading done last."""

    remarks: tuple[str, ...] = ()

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with super().opened() as opened:
            header, records = opened.header, opened.records
            self.remarks = ()
            if any(EMAIL.fullmatch(name.strip()) or _NUMBER.fullmatch(name.strip()) for name in header):
                records = chain([Record(opened.lead, header, 1)], records)
                header = [""] * len(header)
                self._remark("its first line is data and not names")
            elif len({name.strip() for name in header} - {""}) < len(header):
                self._remark("columns without a name of their own were given one")
            yield replace(opened, header=named(header), records=self._fitting(records, len(header)))

    def _check_header(self, header: Sequence[str]) -> None:
        """Any will do."""

    def _fitting(self, records: Iterator[Record], width: int) -> Iterator[Record]:
        """The records of that many fields. Malformed at the end where these are not the most."""
        fitting = left_out = 0
        for record in records:
            if record.fields and len(record.fields) != width:
                left_out += 1
                continue
            fitting += bool(record.fields)
            yield record
        if left_out > fitting:
            raise Malformed(
                f"{self.name}: {left_out} of {left_out + fitting} lines have more or fewer fields than the header.",
                "Check its header and delimiter, or export the file again.",
            )
        if left_out:
            lines = "1 line was" if left_out == 1 else f"{left_out} lines were"
            self._remark(f"{lines} left out, with more or fewer fields than the header")

    def _remark(self, words: str) -> None:
        self.remarks = (*self.remarks, words)


def named(header: Sequence[str]) -> list[str]:
    """Names that are all there and all different: `column_3` for the third, `total (2)` for a second `total`."""
    names: dict[str, None] = {}
    for place, name in enumerate(header, start=1):
        base = new = name if name.strip() else f"column_{place}"
        number = 2
        while new in names:
            new, number = f"{base} ({number})", number + 1
        names[new] = None
    return list(names)
