"""The pages and the API of recomputations."""

from catalog.models import System
from erasure.recomputing.models import AnonymousAggregate, Recomputation
from governance.console.models import User
from tests.erasure import estate
from tests.erasure.recomputing.conftest import FIGURES, Lake
from tests.erasure.recomputing.test_recomputing import QUERY
from tests.people import api_of, client_of


def test_declared_approved_and_run_on_its_page(lake: Lake, emil: User, dana: User, vera: User) -> None:
    pk = lake.data_set("gold.by_country").pk
    page, engineer, steward = f"/recomputations/{pk}/", client_of(emil), client_of(dana)
    content = engineer.get(page).content.decode()
    assert "Nobody has said how this data set is computed anew" in content
    assert 'name="source"' in content
    assert 'name="query"' not in content
    wrong = engineer.post(
        f"{page}declare/", {"source": "Lake / silver.reader", "columns": "country = country"}
    )
    assert (wrong.status_code, Recomputation.objects.count()) == (422, 0)
    lines = "\n".join(f"{name} = {figure}" for name, figure in FIGURES.items())
    engineer.post(f"{page}declare/", {"source": "Lake / silver.reader", "columns": lines})
    made = Recomputation.objects.get()
    assert (made.columns, made.made_by, made.state) == (FIGURES, emil, "waiting")
    assert client_of(vera).post(f"{page}approve/", {"digest": made.digest}).status_code == 403
    assert engineer.post(f"{page}approve/", {"digest": made.digest}).status_code == 403
    assert "Approve" in steward.get(page).content.decode()
    steward.post(f"{page}approve/", {"digest": made.digest})
    made.refresh_from_db()
    assert (made.state, made.approved_by) == ("approved", dana)
    assert engineer.post(f"{page}run/").status_code == 302
    made.refresh_from_db()
    assert made.job is not None
    assert "gold.by_country" in client_of(vera).get("/recomputations/").content.decode()
    card = client_of(vera).get(f"{page}card/").content.decode()
    assert "Not run yet" in card
    assert f"{page}card/" in client_of(vera).get(f"/data-sets/{pk}/lineage/").content.decode()
    engineer.post(f"{page}remove/")
    assert not Recomputation.objects.exists()


def test_confirmed_as_anonymous_on_its_page(totals: System, dana: User, emil: User) -> None:
    pk = estate.data_set(totals, "topic_totals").pk
    page, steward = f"/recomputations/{pk}/", client_of(dana)
    assert steward.post(f"{page}anonymous/", {"smallest_group": 1, "reason": "x"}).status_code == 422
    assert client_of(emil).post(f"{page}anonymous/", {"smallest_group": 9, "reason": "x"}).status_code == 403
    steward.post(f"{page}anonymous/", {"smallest_group": 9, "reason": "Many readers"})
    assert AnonymousAggregate.objects.get().smallest_group == 9
    assert "at least 9 persons" in steward.get(page).content.decode()
    steward.post(f"{page}anonymous/withdraw/")
    assert not AnonymousAggregate.objects.exists()
    customer = estate.data_set(totals, "customer").pk
    assert "holds persons of its own" in steward.get(f"/recomputations/{customer}/").content.decode()


def test_over_the_api(totals: System, emil: User, dana: User, vera: User) -> None:
    pk = estate.data_set(totals, "article_totals").pk
    engineer, steward = api_of(emil), api_of(dana)
    url = "/api/v1/recomputations/"
    refused = engineer.post(url, {"data_set": pk, "query": "DROP TABLE article_totals"}, format="json")
    assert refused.status_code == 400
    made = engineer.post(url, {"data_set": pk, "query": QUERY}, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    assert engineer.post(f"{url}{pk}/run/").status_code == 409
    assert (
        engineer.post(f"{url}{pk}/approve/", {"digest": made.json()["digest"]}, format="json").status_code
        == 403
    )
    assert steward.post(f"{url}{pk}/approve/", {"digest": "0"}, format="json").status_code == 409
    approved = steward.post(f"{url}{pk}/approve/", {"digest": made.json()["digest"]}, format="json")
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert engineer.post(f"{url}{pk}/run/").status_code == 202
    assert [each["data_set"] for each in api_of(vera).get(url).json()["results"]] == [pk]
    assert engineer.delete(f"{url}{pk}/").status_code == 204
    topics = estate.data_set(totals, "topic_totals").pk
    confirmed = steward.put(
        f"{url}{topics}/anonymous/", {"smallest_group": 5, "reason": "Many"}, format="json"
    )
    assert (confirmed.status_code, confirmed.json()["smallest_group"]) == (200, 5)
    assert steward.delete(f"{url}{topics}/anonymous/").status_code == 204
    assert (
        api_of(vera)
        .put(f"{url}{topics}/anonymous/", {"smallest_group": 5, "reason": "x"}, format="json")
        .status_code
        == 403
    )
