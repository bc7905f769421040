"""Rows on their way into a package: read from the store once, written in several forms, never in clear on a disk."""

import struct
import tempfile
import uuid
from collections.abc import Iterator

import pyarrow as pa

from governance.keyring.sealing import open_sealed, seal

LENGTH = struct.Struct(">Q")


class Spool:
    """Tables one behind the other in a nameless file, each sealed; the file is gone with the process."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self.name = uuid.uuid4().hex
        self.tables = 0
        self.rows = 0

    def add(self, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        sealed = seal(sink.getvalue().to_pybytes(), purpose="spool", bound_to=f"{self.name}/{self.tables}")
        self.file.seek(0, 2)
        self.file.write(LENGTH.pack(len(sealed)))
        self.file.write(sealed)
        self.tables += 1
        self.rows += table.num_rows

    def __iter__(self) -> Iterator[pa.Table]:
        position = 0
        for number in range(self.tables):
            self.file.seek(position)
            (length,) = LENGTH.unpack(self.file.read(LENGTH.size))
            sealed = self.file.read(length)
            position += LENGTH.size + length
            with pa.ipc.open_stream(
                open_sealed(sealed, purpose="spool", bound_to=f"{self.name}/{number}")
            ) as reader:
                yield reader.read_all()

    def first(self, rows: int) -> Iterator[dict]:
        """The first rows, as dicts."""
        for table in self:
            if rows <= 0:
                return
            yield from table.slice(0, rows).to_pylist()
            rows -= table.num_rows

    def close(self) -> None:
        self.file.close()
