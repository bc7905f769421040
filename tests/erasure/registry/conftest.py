from collections.abc import Callable, Iterator

import pytest

from catalog.models import System
from erasure.models import SubjectRequest
from erasure.registry.models import Backup, Replay
from erasure.registry.replays import approving, jobs
from governance.console.models import User
from tests.erasure import estate
from tests.services.fixtures import Database, Server


@pytest.fixture
def restored(pg_server: Server) -> Iterator[Database]:
    """The shop as an older backup has it, in another database."""
    database = pg_server.create_database("restored")
    database.execute(estate.SHOP)
    yield database
    pg_server.drop_database(database)


@pytest.fixture
def address(restored: Database) -> dict[str, str]:
    """What differs from the system's settings."""
    return {"database": restored.name, "user": restored.user, "password": restored.password}


@pytest.fixture
def erased(shop: System, amir: User, petra: User, work) -> SubjectRequest:
    """Ana, erased from the shop."""
    request = estate.find(estate.request_of("ana@example.org", amir), amir, work)
    return estate.approve(request, petra, work)


@pytest.fixture
def replayed(shop: System, amir: User, address: dict[str, str], work) -> Callable[..., Replay]:
    """A replay of the shop's registry against the copy that Amir has begun, as far as it goes by itself."""

    def replay(*, backup: Backup | None = None) -> Replay:
        begun = jobs.start(shop, backup=backup, settings=address, by=amir)
        work()
        begun.refresh_from_db()
        return begun

    return replay


@pytest.fixture
def carried_out(petra: User, work) -> Callable[[Replay], Replay]:
    def carry_out(replay: Replay) -> Replay:
        assert replay.plan is not None
        approving.approve(replay, fingerprint=replay.plan.fingerprint, by=petra)
        work()
        replay.refresh_from_db()
        return replay

    return carry_out
