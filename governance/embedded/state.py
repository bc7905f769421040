"""What the embedded servers remember between starts: addresses, passwords, the secret key.

One JSON file in the console's folder, readable by its owner alone. Keys are the names of the environment
variables that would replace them, so whoever reads one can read the other.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE_NAME = "environment.json"


def load(var_dir: Path) -> dict[str, str]:
    """What was remembered, or nothing. ValueError where the file is not the JSON object that `save` wrote."""
    try:
        content = json.loads((var_dir / FILE_NAME).read_text())
    except FileNotFoundError:
        return {}
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ValueError("expected an object of texts")
    return content


def save(var_dir: Path, **values: str) -> dict[str, str]:
    """Remember `values` beside what was remembered before; all of it now. Whole or not at all, mode 0600."""
    content = load(var_dir) | values
    write_private(var_dir / FILE_NAME, json.dumps(content, indent=2))
    return content


def write_private(path: Path, text: str) -> None:
    """Replace the file by `text` in one step, never readable by others, not even for a moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
