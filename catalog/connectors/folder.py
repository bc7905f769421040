"""A folder of files: each file is a data set, named by its path below the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django import forms

from catalog.connectors.base import AccessDenied, DataSetMissing, Unreachable
from catalog.connectors.csv_records import is_line_encoding
from catalog.connectors.file_formats import DataFile, data_file
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.file_store import FileStore
from catalog.connectors.folder_objects import FolderObjects
from catalog.connectors.folder_paths import data_files, locate, require_allowed
from catalog.connectors.object_sets import ObjectPlaces
from catalog.connectors.object_templates import TemplatesField


class EncodingForm(forms.Form):
    encoding = forms.CharField(
        initial="utf-8", required=False, help_text="Of the CSV files: utf-8, cp1252, iso-8859-1 and the like."
    )

    def clean_encoding(self) -> str:
        encoding = self.cleaned_data["encoding"] or "utf-8"
        if not is_line_encoding(encoding):
            raise forms.ValidationError("This encoding is unknown, or does not keep commas as single bytes.")
        return encoding


class FolderForm(EncodingForm):
    path = forms.CharField(
        help_text="An absolute path on the console's machine; links in it are not followed."
    )
    objects = TemplatesField()
    field_order = ("path", "encoding", "objects")

    def clean_path(self) -> str:
        try:
            require_allowed(Path(self.cleaned_data["path"]))
        except AccessDenied as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["path"]


class FolderConnector(FileStore):
    kind = "folder"
    label = "Folder of CSV, JSON Lines, Parquet and Avro files"
    Form = FolderForm

    @property
    def root(self) -> Path:
        """The folder; AccessDenied outside the allowed roots, Unreachable where it is not there."""
        path = require_allowed(Path(self.settings["path"]))
        if not _is_folder(path):
            raise Unreachable(f"There is no folder {path}.", "Check the path, and that its disk is mounted.")
        if not os.access(path, os.R_OK | os.X_OK):
            raise AccessDenied(f"No right to read {path}.", "Grant the console's user read access to it.")
        return path

    def check(self) -> str:
        files = len(data_files(self.root))
        return f"{files} {'file' if files == 1 else 'files'} in {self.root}"

    def lineage_namespace(self) -> str:
        return "file"

    def lineage_name(self, data_set: str) -> str:
        return str(Path(self.settings["path"]) / data_set)

    def _objects(self) -> ObjectPlaces:
        return FolderObjects(self.root)

    def _names(self) -> Iterator[tuple[str, str]]:
        yield from data_files(self.root)

    @contextmanager
    def _file(self, name: str) -> Iterator[DataFile]:
        place = LocalPlace(locate(self.root, name))
        try:
            yield data_file(place, name=name, encoding=self.settings.get("encoding") or "utf-8")
        except FileNotFoundError:
            raise DataSetMissing(
                f"There is no file {name} in the folder.", "Scan the system again."
            ) from None
        except PermissionError:
            raise AccessDenied(f"No right to read {name}.", "Grant the console's user read access.") from None
        except OSError as error:
            raise Unreachable(f"{name} cannot be read: {error.strerror}.", "Check its disk.") from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name longer than the file system knows
        return False
