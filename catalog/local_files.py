"""Files of whoever is at the command line: one, or all data files of a folder.

In the console a steward says which encoding the files of a folder have. Here nobody was asked: without a word each
CSV file is read in the encoding that its own bytes are in. No roots hold either: the person may read what they may.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from catalog.connectors.base import AccessDenied, DataSetMissing, Malformed, Unreachable
from catalog.connectors.file_formats import DataFile, data_file
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.file_store import FileStore
from catalog.connectors.folder import EncodingForm
from catalog.connectors.folder_paths import data_files
from catalog.file_contents import CHUNK, AsUtf8, guess_encoding, is_utf16, suffix_of_content
from catalog.lenient_csv import LenientCsvFile

SAYS_ITS_ENCODING = (".parquet", ".avro", ".jsonl", ".ndjson")


class LocalFiles(FileStore):
    """`path` is a file or a folder; `encoding`, if any, is that of all CSV files."""

    label = "Files"
    Form = EncodingForm

    def __init__(self, path: Path, *, encoding: str = "") -> None:
        super().__init__({})
        self.path = path
        self.encoding = encoding
        self._known: dict[str, tuple[str, str]] = {}
        self._remarks: dict[str, tuple[str, ...]] = {}

    def check(self) -> str:
        many = sum(1 for _ in self._names())
        return f"{many} {'file' if many == 1 else 'files'} in {self.path}"

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        found = super().sample(data_set, rows=rows, seed=seed)
        _, encoding = self._known[data_set]
        if encoding not in ("utf-8", self.encoding):
            words = f"not UTF-8, it was read as {encoding}"
            self._remarks[data_set] = (words, *self._remarks.get(data_set, ()))
        return found

    def notes(self) -> Iterator[str]:
        """What was read otherwise than as it stands there, or not at all, each a sentence; ask when all is read."""
        for name, remarks in sorted(filter(itemgetter(1), self._remarks.items())):
            yield f"{name}: {'; '.join(remarks)}."
        if self.path.is_dir() and (others := self._others()):
            some = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
            files = "1 file that is" if len(others) == 1 else f"{len(others)} files that are"
            yield f"Passed over {files} no CSV, JSON Lines, Parquet or Avro by name: {some}"

    def _names(self) -> Iterator[tuple[str, str]]:
        if self.path.is_dir():
            yield from data_files(self.path)
        else:
            yield self.path.name, ""

    @contextmanager
    def _file(self, name: str) -> Iterator[DataFile]:
        path = self.path / name if self.path.is_dir() else self.path
        try:
            if name not in self._known:
                self._known[name] = self._look(path)
            suffix, encoding = self._known[name]
            yield from self._opened(_Place(path, suffix, encoding), name, encoding)
        except FileNotFoundError:
            raise DataSetMissing(f"There is no file {name}.", "Check the path.") from None
        except PermissionError:
            raise AccessDenied(f"No right to read {name}.", "Ask for read access to it.") from None
        except UnicodeError:
            raise Malformed(f"{name} is not {encoding}.", "Say its encoding with --encoding.") from None
        except OSError as error:
            raise Unreachable(f"{name} cannot be read: {error.strerror}.", "Check its disk.") from None

    def _opened(self, place: _Place, name: str, encoding: str) -> Iterator[DataFile]:
        spelled = "utf-8" if is_utf16(encoding) else encoding
        if place.suffix in SAYS_ITS_ENCODING:
            yield data_file(place, name=name, encoding=spelled)
            return
        file = LenientCsvFile(place, name=name, encoding=spelled)
        yield file
        self._remarks[name] = file.remarks  # of the last reading, which is the whole file's

    def _others(self) -> list[str]:
        """The files of the folder that are no data; neither hidden ones nor links."""
        known = {name for name, _ in self._names()}
        found = (Path(folder, file) for folder, _, files in os.walk(self.path) for file in files)
        plain = (path for path in found if not path.name.startswith(".") and not path.is_symlink())
        return sorted({path.relative_to(self.path).as_posix() for path in plain} - known)

    def _look(self, path: Path) -> tuple[str, str]:
        suffix = suffix_of_content(path)
        if suffix in SAYS_ITS_ENCODING:
            return suffix, "utf-8"
        return suffix, self.encoding or guess_encoding(path)


class _Place(LocalPlace):
    """A file whose suffix may be another than its content has; UTF-16 is read as if it were UTF-8."""

    def __init__(self, path: Path, suffix: str, encoding: str) -> None:
        super().__init__(path)
        self._suffix = suffix
        self._encoding = encoding

    @property
    def suffix(self) -> str:
        return self._suffix

    def open(self) -> BinaryIO:
        if is_utf16(self._encoding):
            return io.BufferedReader(AsUtf8(self.path, self._encoding), CHUNK)
        return super().open()
