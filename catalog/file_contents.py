"""What a file is by its own bytes: its format, the kind of database, the encoding of its text."""

from __future__ import annotations

import codecs
import io
import os
from pathlib import Path

from catalog.connectors.base import Unsupported
from catalog.connectors.file_formats import SUFFIXES

HEAD, CHUNK = 512, 1024 * 1024
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FORMATS = {b"PAR1": ".parquet", b"Obj\x01": ".avro"}
_DATABASES = {"sqlite": (0, b"SQLite format 3\0"), "duckdb": (8, b"DUCK")}
# gzip, zip (and so workbooks), bzip2, xz, Zstandard
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


def database_kind(path: Path) -> str:
    """`sqlite` or `duckdb` where the file begins as such a database does; empty otherwise. Raises OSError."""
    head = _head(path)
    return next((kind for kind, (at, mark) in _DATABASES.items() if head[at:].startswith(mark)), "")


def suffix_of_content(path: Path) -> str:
    """The suffix that the file ought to have: by what it begins with, else the one it has, else by looking at it.

    Raises Unsupported where it can be no table, and OSError.
    """
    head, suffix = _head(path), path.suffix.lower()
    for mark, found in _FORMATS.items():
        if head.startswith(mark):
            return found
    if head.startswith(_PACKED):
        raise Unsupported(f"{path.name} is packed.", "Unpack it first; save a workbook as CSV.")
    if suffix in SUFFIXES:
        return suffix
    if b"\0" in head and not head.startswith(UTF16):
        known = ", ".join(sorted(SUFFIXES))
        raise Unsupported(f"{path.name} is no kind of file that can be read here.", f"Known are {known}.")
    if head.lstrip().startswith(b"["):
        raise Unsupported(f"{path.name} is one JSON array.", "Write one object on each line (JSON Lines).")
    return ".jsonl" if head.lstrip().startswith(b"{") else ".csv"


def guess_encoding(path: Path) -> str:
    """utf-8 where the whole file is that, utf-16 by its mark, else the Western encoding that has all its bytes.

    Raises OSError.
    """
    if _head(path).startswith(UTF16):
        return "utf-16"
    return next((name for name in ("utf-8", "cp1252") if _is_in(path, name)), "iso-8859-1")


def is_utf16(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name.startswith("utf-16")
    except LookupError:
        return False


class AsUtf8(io.RawIOBase):
    """A text file's content in UTF-8; of all places only its beginning can be sought. Raises OSError.

    Reading raises UnicodeDecodeError where the file is not in `encoding`.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._text = path.open(encoding=encoding, newline="")
        self._rest, self._given = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if (offset, whence) == (0, os.SEEK_SET):
            self._text.seek(0)
            self._rest, self._given = b"", 0
        elif (offset, whence) != (0, os.SEEK_CUR):
            raise io.UnsupportedOperation("only the beginning can be sought")
        return self._given

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._rest = self._rest or self._text.read(CHUNK).encode()
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest, self._given = self._rest[count:], self._given + count
        return count

    def close(self) -> None:
        self._text.close()
        super().close()


def _is_in(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)
