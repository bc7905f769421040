from collections.abc import Iterator

import pytest

from retention.vault import material


@pytest.fixture(autouse=True)
def nothing_opened() -> Iterator[None]:
    """No test lives on keys that another has opened."""
    material.forget()
    yield
    material.forget()
