"""A package, entry by entry into a stream: what is large is never in memory as a whole."""

import zipfile
from collections.abc import Iterator, Sequence
from io import RawIOBase
from typing import IO, Any, cast

from erasure.packages.forms import as_csv, as_html, as_json, as_pdf
from erasure.packages.sections import Section


def write_zip(
    stream: RawIOBase, about: dict[str, Any], sections: Sequence[Section], *, to_read: bool
) -> Iterator[str]:
    """Write the ZIP file; with `to_read` also the page and the PDF. Yields the name of each entry."""
    with zipfile.ZipFile(cast(IO[bytes], stream), "w", zipfile.ZIP_DEFLATED) as archive:
        if to_read:
            with archive.open(as_html.NAME, "w", force_zip64=True) as entry:
                as_html.write(entry, about, sections)
            yield as_html.NAME
            with archive.open(as_pdf.NAME, "w", force_zip64=True) as entry:
                as_pdf.write(entry, about, sections)
            yield as_pdf.NAME
        with archive.open(as_json.NAME, "w", force_zip64=True) as entry:
            as_json.write(entry, about, sections)
        yield as_json.NAME
        archive.writestr(as_json.SCHEMA_NAME, as_json.SCHEMA.read_bytes())
        for number, section in enumerate(sections, 1):
            name = as_csv.name_of(number, section)
            with archive.open(name, "w", force_zip64=True) as entry:
                as_csv.write(entry, section)
            yield name
