"""A copy that is safe to use, figures of the risk, and a statistic out of a budget: in the browser."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from erasure.demo import panel
from tests.e2e.conftest import Visit
from tests.e2e.test_story import LONG, scan, shoot

DATA_SET = f"{panel.SYSTEM} / {panel.FILE}"
HIERARCHIES = """\
age = Panel: age
postal_code = Panel: postal code
education = Panel: education
gender = Panel: gender
occupation = Panel: occupation
"""

pytestmark = pytest.mark.browser


def until_done(page: Page, words: str) -> None:
    """Reload until the page says it: some of them stand still once their job is done."""
    for _ in range(60):
        page.wait_for_load_state("networkidle")
        if page.get_by_role("main").get_by_text(words, exact=True).count():
            return
        page.wait_for_timeout(1_000)
        page.reload()
    raise AssertionError(f"{page.url} never said {words!r}: {page.get_by_role('main').inner_text()}")


def test_a_panel_is_anonymized_measured_and_asked_about(visit: Visit, sign_in, pictures: Path):
    dana = sign_in("dana")
    scan(dana, panel.SYSTEM)

    dana.goto("/anonymization/")
    dana.get_by_role("link", name="Anonymize a data set").first.click()
    dana.get_by_label("Data set").select_option(label=DATA_SET)
    dana.get_by_label("Use", exact=True).fill("analytics")
    dana.get_by_label("Deliver to").select_option(label=panel.COPIES)
    dana.get_by_label("Name of the output").fill("participants.parquet")
    dana.get_by_role("button", name="Go on to the rules").click()
    for column in ("favourite_genre", "monthly_spend"):  # what nobody decided about
        dana.get_by_label(f"Technique for {column}").select_option(label="Keep")
    dana.get_by_role("button", name="Start the job").click()
    dana.wait_for_url(re.compile(r"/anonymization/jobs/"))
    until_done(dana, "Delivered")
    dana.reload()
    shoot(dana, pictures, "anonymized")

    before = pq.read_table(visit.console.var_dir / panel.FOLDER / panel.FILE)
    after = pq.read_table(visit.console.var_dir / panel.COPIES_FOLDER / "participants.parquet")
    assert (after.num_rows, after.column_names) == (before.num_rows, before.column_names)
    assert after.column("monthly_spend").equals(before.column("monthly_spend"))
    assert not set(after.column("email").to_pylist()) & set(before.column("email").to_pylist())
    assert len(set(after.column("email").to_pylist())) == panel.PEOPLE
    assert set(after.column("age").to_pylist()) == {f"[{low}-{low + 10})" for low in range(10, 90, 10)}

    dana.goto("/anonymization/risk/")
    dana.get_by_role("link", name="Measure a data set").first.click()
    dana.get_by_label("Data set").select_option(label=DATA_SET)
    dana.get_by_role("button", name="Go on").click()
    dana.get_by_label(re.compile("email")).uncheck()
    dana.get_by_label("Hierarchies").fill(HIERARCHIES)
    dana.get_by_role("button", name="Measure").click()
    dana.wait_for_url(re.compile(r"/anonymization/risk/\d+/$"))
    until_done(dana, "Suggested generalization")
    expect(dana.get_by_text("Target missed")).to_be_visible()
    shoot(dana, pictures, "risk")

    amir = sign_in("amir")
    amir.goto("/anonymization/statistics/budgets/")
    amir.get_by_role("link", name="Set a budget").first.click()
    amir.get_by_label("Data set").select_option(label=DATA_SET)
    amir.get_by_role("button", name="Go on").click()
    amir.get_by_label("Limit").fill("2")
    amir.get_by_label("Reason").fill("Research on the panel, agreed in March")
    amir.get_by_role("button", name="Set the budget").click()
    amir.wait_for_url(re.compile(r"/budgets/\d+/$"))

    dana.goto("/anonymization/statistics/ask/")
    dana.get_by_label("Data set").select_option(label=DATA_SET)
    dana.get_by_role("button", name="Go on").click()
    dana.get_by_label("What").select_option(label="Mean")
    dana.get_by_label("Of the column").select_option("monthly_spend")
    dana.get_by_label("Lower bound").fill("0")
    dana.get_by_label("Upper bound").fill("200")
    dana.get_by_label("Groups", exact=True).select_option("bands")
    dana.get_by_label("By the column").select_option("age")
    dana.get_by_label("Bands begin at").fill("16, 25, 35, 45, 55, 65")
    dana.get_by_label("Column that tells persons apart").select_option("participant_id")
    dana.get_by_label("ε").fill("0.5")
    dana.get_by_role("button", name="Show cost and error").click()
    expect(dana.get_by_role("heading", name="Before you spend")).to_be_visible()
    dana.get_by_role("button", name="Spend it and release").click()
    expect(dana.get_by_role("heading", name="The answer")).to_be_visible(timeout=LONG)
    shoot(dana, pictures, "statistic")

    dana.goto("/data-sets/?q=participants")
    dana.locator("table.rows").get_by_role("link", name=panel.FILE).click()
    expect(dana.get_by_text("ε 1.5")).to_be_visible()
    shoot(dana, pictures, "data-set")
    assert "The ledger holds" in visit.console.manage("audit", "verify")
