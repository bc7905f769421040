"""Transfers: flows out of where data may lie, by default and by rule, with and without a safeguard."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.localization import ruling
from catalog.localization.regions import countries_of, lies_in, require_region, telephone_regions
from catalog.localization.transfers import misplaced, transfers
from catalog.models import Column, DataSet, Edge, Safeguard, System
from governance.console.models import User
from tests.catalog.ledger import facts_of
from tests.people import api_of, client_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


def data_set(system: str, region: str, **columns: str) -> DataSet:
    """A data set with columns of the named categories, all in one system."""
    place, _ = System.objects.get_or_create(name=system, defaults={"kind": "external", "region": region})
    made = DataSet.objects.create(system=place, name=f"t{DataSet.objects.count()}", kind="table")
    for position, (name, category) in enumerate(columns.items(), start=1):
        sensitivity = "none" if category == "none" else "direct"
        Column.objects.create(
            data_set=made,
            name=name,
            position=position,
            data_type="text",
            kind="text",
            category=category,
            sensitivity=sensitivity,
            state="confirmed",
        )
    return made


def flow(source: DataSet, target: DataSet, column: str = "", **more: object) -> Edge:
    now = timezone.now()
    return Edge.objects.create(
        source=source,
        source_column=source.columns.get(name=column) if column else None,
        target=target,
        target_column=target.columns.get(name=column) if column else None,
        origin="declared",
        kind=more.pop("kind", "direct"),
        first_seen_at=now,
        last_seen_at=now,
        **more,
    )


def found() -> list[tuple[str, str, str, str]]:
    return [(t.state, t.source.system.name, t.target.system.name, t.category) for t in transfers(TODAY)]


@pytest.fixture
def shop() -> DataSet:
    return data_set("shop", "DE", email="contact.email", total="none", name="name.full")


@pytest.mark.parametrize(
    ("region", "countries"),
    [("DE", ["DE"]), ("de-by", ["DE"]), ("us-east-1", ["US"]), ("", []), ("Frankfurt", []), ("XX", [])],
)
def test_countries_of_a_region(region: str, countries: list[str]):
    assert countries_of(region) == countries


def test_groups():
    assert len(countries_of("EU")) == 27
    assert len(countries_of("eea")) == 30
    assert countries_of("eu-central-1") == countries_of("EU")
    assert telephone_regions("EU") == ["DE", "FR", "IT", "ES", "NL", "PL"]
    assert telephone_regions("us-east-1") == ["US"]


def test_what_is_no_region_is_refused():
    assert require_region(" DE ") == "DE"
    with pytest.raises(ValidationError, match="Frankfurt"):
        require_region("Frankfurt")


def test_lying_in():
    assert lies_in("DE", ["EEA"])
    assert lies_in("EU", ["EEA"])
    assert not lies_in("EEA", ["EU"])
    assert not lies_in("US", ["EEA", "CH"])
    assert lies_in("us-east-1", ["US"])
    assert lies_in("us-east-1", ["us-east-1"])
    assert not lies_in("us-west-2", ["us-east-1"])
    assert not lies_in("", ["EEA"])


def test_a_flow_out_of_the_eea_is_a_transfer(shop: DataSet):
    flow(shop, data_set("mail", "US", email="contact.email"), "email")
    flow(shop, data_set("books", "FR", email="contact.email"), "email")
    flow(shop, data_set("sums", "US", total="none"), "total")
    assert found() == [("no safeguard", "shop", "mail", "contact.email")]


def test_indirect_and_counted_and_gone_edges_carry_nothing(shop: DataSet):
    target = data_set("mail", "US", email="contact.email")
    flow(shop, target, "email", kind="indirect")
    flow(shop, target, "email", masking=True, subtype="AGGREGATION")
    flow(shop, target, "email", gone_at=timezone.now(), subtype="IDENTITY")
    assert found() == []
    flow(shop, target, "email", masking=True, subtype="TRANSFORMATION")
    assert found() == [
        ("no safeguard", "shop", "mail", "contact.email")
    ]  # a hash is pseudonymous, still personal


def test_an_edge_between_data_sets_may_carry_every_personal_column(shop: DataSet):
    flow(shop, data_set("lake", "US"))
    assert found() == [
        ("no safeguard", "shop", "lake", "contact.email"),
        ("no safeguard", "shop", "lake", "name.full"),
    ]


def test_an_unknown_region_is_said(shop: DataSet):
    flow(shop, data_set("somewhere", "", email="contact.email"), "email")
    assert found() == [("region unknown", "shop", "somewhere", "contact.email")]


def test_a_safeguard_covers_its_region_its_categories_and_its_time(shop: DataSet, amir: User):
    flow(shop, data_set("mail", "us-east-1", email="contact.email", name="name.full"), "email")
    flow(shop, DataSet.objects.get(system__name="mail"), "name")
    put = ruling.put_safeguard(
        kind="clauses",
        region="US",
        categories=["contact"],
        reference="SCC 2026/7",
        by=amir,
        valid_from=TODAY,
        valid_until=TODAY,
    )
    assert found() == [
        ("no safeguard", "shop", "mail", "name.full"),
        ("safeguarded", "shop", "mail", "contact.email"),
    ]
    assert [t.state for t in transfers(TODAY + timedelta(days=1))] == ["no safeguard", "no safeguard"]
    ruling.withdraw_safeguard(put)
    assert [t.state for t in transfers(TODAY)] == ["no safeguard", "no safeguard"]


def test_a_safeguard_of_one_system_covers_no_other(shop: DataSet, amir: User):
    mail, other = data_set("mail", "US", email="contact.email"), data_set("ads", "US", email="contact.email")
    flow(shop, mail, "email")
    flow(shop, other, "email")
    ruling.put_safeguard(
        kind="binding_rules", system=mail.system, reference="BCR 1", by=amir, valid_from=TODAY
    )
    assert [(state, target) for state, _, target, _ in found()] == [
        ("no safeguard", "ads"),
        ("safeguarded", "mail"),
    ]


def test_the_most_specific_rule_counts(shop: DataSet, amir: User):
    flow(shop, data_set("books", "FR", email="contact.email", name="name.full"), "email")
    flow(shop, DataSet.objects.get(system__name="books"), "name")
    assert found() == []
    rule = ruling.allow_regions(category="contact", regions=["DE"], by=amir)
    assert found() == [("no safeguard", "shop", "books", "contact.email")]
    assert [(each.data_set.system.name, each.category) for each in misplaced(TODAY)] == [
        ("books", "contact.email")
    ]
    ruling.allow_regions(category="contact.email", regions=["DE", "FR"], by=amir)
    assert found() == []
    assert misplaced(TODAY) == []
    ruling.remove_rule(rule)
    assert found() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "hope"}, "kind"),
        ({"region": ""}, "region"),
        ({"region": "Mars"}, "region"),
        ({"reference": " "}, "reference"),
        ({"valid_until": date(2020, 1, 1)}, "valid_until"),
        ({"categories": ["nonsense"]}, "category"),
    ],
)
def test_a_safeguard_that_says_nothing_is_refused(amir: User, change: dict, field: str):
    given = {"kind": "clauses", "region": "US", "reference": "SCC", "by": amir, **change}
    with pytest.raises(ValidationError) as refused:
        ruling.put_safeguard(**given)
    assert list(refused.value.message_dict) == [field]
    assert Safeguard.objects.count() == 0


def test_the_page_the_file_and_the_api_say_the_same(shop: DataSet, vera: User):
    flow(shop, data_set("mail", "US", email="contact.email"), "email")
    client = client_of(vera)
    page = client.get("/transfers/").content.decode()
    assert "<strong>1</strong> transfer needs a safeguard" in page
    assert "Record a safeguard" not in page
    lines = b"".join(client.get("/transfers/?format=csv").streaming_content).decode().splitlines()
    assert lines[1] == "no safeguard,shop / t0,DE,mail / t1,US,E-mail address,EEA,,email,"
    (one,) = api_of(vera).get("/api/v1/transfers/").json()
    assert (one["state"], one["source_name"], one["target_region"]) == ("no safeguard", "shop / t0", "US")


def test_an_officer_records_a_safeguard_on_the_page(shop: DataSet, amir: User, sequenced: Callable):
    flow(shop, data_set("mail", "US", email="contact.email"), "email")
    client = client_of(amir)
    refused = client.post("/transfers/safeguards/add/", {"kind": "clauses", "region": "", "reference": "x"})
    assert refused.status_code == 422
    given = {"kind": "clauses", "region": "US", "reference": "SCC 2026/7"}
    assert client.post("/transfers/safeguards/add/", given).status_code == 302
    assert [each.state for each in transfers(timezone.localdate())] == ["safeguarded"]
    assert facts_of(sequenced()[-1]) == ("safeguard.put", {"kind": "clauses", "receiver": "US"})
    put = Safeguard.objects.get()
    assert client.post(f"/transfers/safeguards/{put.pk}/withdraw/").status_code == 302
    assert [each.state for each in transfers(timezone.localdate())] == ["no safeguard"]


def test_a_rule_over_the_api(amir: User):
    api = api_of(amir)
    made = api.post("/api/v1/localization-rules/", {"category": "health", "regions": ["DE"]}, format="json")
    assert (made.status_code, made.json()["regions"]) == (201, ["DE"])
    wrong = api.post("/api/v1/localization-rules/", {"category": "", "regions": ["Mars"]}, format="json")
    assert wrong.status_code == 400
    assert "Mars" in wrong.content.decode()
    assert api.delete(f"/api/v1/localization-rules/{made.json()['id']}/").status_code == 204
