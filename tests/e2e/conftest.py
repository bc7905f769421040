"""A whole console on the demo estate, and a real browser in front of it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from governance.embedded.programs import choose_port
from tests.services.console import Console, own_console


class Visit:
    """The console as a person meets it: its address, the demo accounts, and what lies behind it."""

    def __init__(self, console: Console, address: str) -> None:
        self.console = console
        self.address = address
        found = re.search(r"Password of each: (\S+)", console.said())
        assert found, console.said()
        self.password = found[1]


# Of the package, not the session: Playwright leaves a running event loop in the thread, in which Django touches no
# database, and the same process goes on with other tests.
@pytest.fixture(scope="package")
def visit() -> Iterator[Visit]:
    with own_console(demo=True) as console:
        yield Visit(console, console.start(choose_port(0)))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed, so nothing was tried in a browser: apt install chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root; the pages are our own.
        yield playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )


@pytest.fixture
def sign_in(visit: Visit, browser: Browser) -> Iterator[Callable[..., Page]]:
    """`sign_in("dana")`: her own browser, on the overview. A message on the browser's console fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def enter(username: str, *, width: int = 1280, dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=visit.address,
            viewport={"width": width, "height": 860},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(visit.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Overview").wait_for()
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: `make screenshots` names the folder whose pictures the README shows."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
