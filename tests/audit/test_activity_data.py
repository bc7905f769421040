from catalog.models import Column, DataSet, System
from governance.activities.models import ProcessingActivity
from tests.people import client_of


def test_activity_shows_what_the_catalog_knows_of_its_data(vera, sam):
    sales = ProcessingActivity.objects.create(name="Sales", subject_categories=["Customers"])
    system = System.objects.create(name="shop", kind="postgresql")
    used, other = (
        DataSet.objects.create(system=system, name=name, kind="table") for name in ("customer", "log")
    )
    used.activities.add(sales)
    for position, (name, category, state) in enumerate(
        [("email", "contact.email", "confirmed"), ("note", "", "unreviewed")]
    ):
        Column.objects.create(
            data_set=used,
            name=name,
            position=position,
            data_type="text",
            kind="text",
            category=category,
            sensitivity="direct" if category else "",
            state=state,
        )
    browser, url = client_of(vera), f"/reports/activities/{sales.pk}/data/"
    assert f'hx-get="{url}"' in browser.get(f"/activities/{sales.pk}/").content.decode()
    part = browser.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert f'<a href="/data-sets/{used.pk}/">customer</a>' in part
    assert f"/data-sets/{other.pk}/" not in part
    assert "E-mail" in part
    assert part.count('<td class="numeric">1</td>') == 2
    whole = browser.get(url).content.decode()
    assert "<html" in whole
    assert "customer</a>" in whole
    assert sam.get(url).status_code == 302
