"""Databases that are one file on the console's machine: which file, and whether it is there to be opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django import forms

from catalog.connectors.base import AccessDenied, Malformed, Unreachable
from catalog.connectors.folder_paths import require_allowed


class DatabaseFileForm(forms.Form):
    path = forms.CharField(help_text="The database file: an absolute path on the console's machine.")

    def clean_path(self) -> str:
        try:
            require_allowed(Path(self.cleaned_data["path"]))
        except AccessDenied as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["path"]


def database_file(settings: Mapping[str, Any], *, writable: bool) -> Path:
    """The file without links; AccessDenied outside the allowed roots, Unreachable where there is none."""
    path = require_allowed(Path(settings["path"]))
    try:
        is_file = path.is_file()
    except OSError:  # a name longer than the file system knows, or a folder that lets nobody through
        is_file = False
    if not is_file:
        raise Unreachable(f"There is no file {path}.", "Check the path, and that its disk is mounted.")
    if not os.access(path, os.R_OK | (os.W_OK if writable else 0)):
        raise AccessDenied(
            f"No right to {'change' if writable else 'read'} {path}.",
            "Grant the console's user the right to read it, and to write for erasure.",
        )
    return path


def not_a_database(path: Path, product: str) -> Malformed:
    return Malformed(f"{path} is no {product} database.", "Check the path, or restore the file.")
