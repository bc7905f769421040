"""What is sealed opens for its purpose only, and whatever else it is given is refused in words."""

import pytest

from governance.keyring.sealing import CannotOpen, open_sealed, seal

SEALED = {"purpose": "system", "bound_to": "7"}


def test_it_opens_for_its_purpose_and_place_only():
    sealed = seal(b"hush", **SEALED)
    assert open_sealed(sealed, **SEALED) == b"hush"
    for other in ({"purpose": "package", "bound_to": "7"}, {"purpose": "system", "bound_to": "8"}):
        with pytest.raises(CannotOpen):
            open_sealed(sealed, **other)


@pytest.mark.parametrize("kept", [0, 1, 2, 5, 14, 17])
def test_what_is_cut_short_is_refused(kept):
    with pytest.raises(CannotOpen):
        open_sealed(seal(b"hush", **SEALED)[:kept], **SEALED)


def test_garbage_is_refused():
    with pytest.raises(CannotOpen, match="no key"):
        open_sealed(b"\x01\x03\xff\xfe\xfd" + bytes(40), **SEALED)
