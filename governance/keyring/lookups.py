"""The keyed hash of an identifier. No models here: a process without Django's apps may ask too."""

from governance.keyring.sealing import keyed_hash


def lookup_of(category: str, value: str) -> bytes:
    """The keyed hash under which an identifier is found again; trimmed and without regard to case."""
    return keyed_hash(f"{category}\x00{value.strip().casefold()}", purpose="identifier")
