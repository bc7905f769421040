"""The one list of the console: what the URL asks for is what the page, the part and the file hold."""

import csv
import re
from collections.abc import Callable

import django_filters
import pytest
from django.http import HttpRequest, HttpResponseBase
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from governance.console.exporting import csv_cell
from governance.console.listing import Bulk, Empty, ListColumn, chosen, listing, listing_row
from governance.console.models import User
from governance.console.permissions import Role

COLUMNS = [
    ListColumn("username", "Name", sort=True, link=lambda user: f"/people/{user.pk}/"),
    ListColumn("first_name", "First name"),
    ListColumn("role", "Role", sort=True, value="get_role_display"),
    ListColumn("pk", "Number", sort="-id", numeric=True, value=lambda user: user.pk * 1000),
]
BULK = Bulk("/people/act/", [("lock", "Lock"), ("open", "Open")])
HTMX = {"HTTP_HX_REQUEST": "true"}

List = Callable[..., HttpResponseBase]


class UserFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="username", lookup_expr="icontains", label="Search")
    role = django_filters.MultipleChoiceFilter(choices=Role.choices)
    pk = django_filters.NumberFilter(label="Number")

    class Meta:
        model = User
        fields: list[str] = []


@pytest.fixture
def staff(dana: User) -> list[str]:
    """Dana and sixty more, half of them engineers; returns their names in order."""
    User.objects.bulk_create(
        User(username=f"staff-{n:02}", first_name="Same", role=Role.ENGINEER if n % 2 else Role.AUDITOR)
        for n in range(60)
    )
    return sorted(User.objects.values_list("username", flat=True))


def get(query: str = "", *, user: User, **headers: str) -> HttpRequest:
    request = RequestFactory().get(f"/people/{query}", **headers)
    request.user = user
    request.htmx = HtmxDetails(request)
    return request


@pytest.fixture
def people(dana: User) -> List:
    def ask(
        query: str = "", *, rows: object = None, bulk: Bulk | None = None, **headers: str
    ) -> HttpResponseBase:
        return listing(
            get(query, user=dana, **headers),
            User.objects.all() if rows is None else rows,
            filterset=UserFilter,
            columns=COLUMNS,
            title="People",
            empty=Empty("Nobody yet", "Everyone who signs in.", "Invite", "/people/new/"),
            bulk=bulk,
        )

    return ask


def names(response: HttpResponseBase) -> list[str]:
    return re.findall(r'<a href="/people/\d+/">([^<]+)</a>', response.content.decode())


def count(response: HttpResponseBase) -> str:
    return re.search(r'id="count" role="status"[^>]*>\s*([^<]*?)\s*<', response.content.decode())[1]


def test_the_first_page_holds_fifty_rows_and_says_of_how_many(people: List, staff: list[str]) -> None:
    response = people()
    assert (response.status_code, names(response), count(response)) == (200, staff[:50], "1–50 of 61")


def test_a_long_text_may_wrap_and_a_column_may_be_for_the_file_only(staff: list[str], dana: User) -> None:
    shown = {
        "filterset": UserFilter,
        "columns": [
            ListColumn("username", "Name", wraps=True),
            ListColumn("role", "Role", sort=True, on_page=False),
        ],
        "title": "People",
        "empty": Empty("Nobody yet"),
    }
    page = listing(get(user=dana), User.objects.all(), **shown).content.decode()
    assert '<td class="text-wrap">staff-00</td>' in page
    assert re.findall(r'<th scope="col"[^>]*>([^<]*)', page) == ["Name"]
    file = listing(get("?format=csv&q=staff-00", user=dana), User.objects.all(), **shown)
    assert file.getvalue().decode().split() == ["Name,Role", "staff-00,auditor"]


def test_filters_after_the_fifth_fold_away_and_work_all_the_same(staff: list[str], dana: User) -> None:
    class ManyFilters(UserFilter):
        first_name = django_filters.CharFilter()
        last_name = django_filters.CharFilter()
        email = django_filters.CharFilter(label="E-mail")

    shown = {"columns": COLUMNS, "title": "People", "empty": Empty("Nobody yet")}
    page = listing(get(user=dana), User.objects.all(), filterset=ManyFilters, **shown).content.decode()
    before, folded = re.search(r'id="filters"(.*?)</form>', page, re.DOTALL)[1].split("<details")
    assert [before.count('<div class="filter'), folded.count('<div class="filter"')] == [5, 1]
    none = listing(get("?email=x", user=dana), User.objects.all(), filterset=ManyFilters, **shown)
    assert count(none) == "No rows"


def test_the_second_page_holds_the_rest(people: List, staff: list[str]) -> None:
    response = people("?page=2")
    assert (names(response), count(response)) == (staff[50:], "51–61 of 61")


@pytest.mark.parametrize("page", ["99", "-1", "x"])
def test_a_page_that_does_not_exist_is_one_that_does(people: List, staff: list[str], page: str) -> None:
    response = people(f"?page={page}")
    assert (response.status_code, len(names(response))) == (200, 50 if page == "x" else 11)


def test_sorting_descends_with_a_minus_and_the_head_says_so(people: List, staff: list[str]) -> None:
    response = people("?sort=-username")
    assert names(response) == staff[::-1][:50]
    assert 'aria-sort="descending"><a href="/people/?sort=username"' in response.content.decode()


def test_a_column_may_sort_by_a_field_turned_round(people: List, staff: list[str]) -> None:
    newest = list(User.objects.order_by("-id").values_list("username", flat=True))
    assert names(people("?sort=pk")) == newest[:50]
    assert names(people("?sort=-pk")) == newest[::-1][:50]


def test_equal_rows_are_on_one_page_exactly(people: List, staff: list[str]) -> None:
    both = names(people("?sort=role")) + names(people("?sort=role&page=2"))
    assert sorted(both) == staff


def test_filters_narrow_and_stand_as_removable_chips(people: List, staff: list[str]) -> None:
    response = people("?q=staff&role=engineer&role=steward&sort=role&page=1")
    text = response.content.decode()
    assert count(response) == "30 rows"
    chips = dict(re.findall(r'href="([^"]+)" aria-label="Remove filter ([^"]+)"', text))
    assert chips == {
        "/people/?role=engineer&amp;role=steward&amp;sort=role": "Search: staff",
        "/people/?q=staff&amp;role=steward&amp;sort=role": "Role: Data engineer",
        "/people/?q=staff&amp;role=engineer&amp;sort=role": "Role: Data steward",
    }


def test_htmx_gets_the_table_alone_and_the_url_of_the_page(people: List, staff: list[str]) -> None:
    response = people("?q=&role=auditor&pk=&sort=username", **HTMX)
    text = response.content.decode()
    assert "<html" not in text
    assert text.strip().startswith('<div id="list">')
    assert response["HX-Push-Url"] == "/people/?role=auditor&sort=username"
    assert "HX-Request" in response["Vary"]
    assert len(names(response)) == 30


def test_htmx_restoring_its_history_gets_the_whole_page(people: List, staff: list[str]) -> None:
    response = people(**HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert "<html" in response.content.decode()
    assert "HX-Push-Url" not in response


def test_the_file_holds_the_same_rows_of_all_pages_in_the_same_order(people: List, staff: list[str]) -> None:
    response = people("?q=staff&sort=-username&format=csv&page=2")
    rows = list(csv.reader(response.getvalue().decode().splitlines()))
    assert response["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert rows[0] == ["Name", "First name", "Role", "Number"]
    assert [row[0] for row in rows[1:]] == [name for name in staff[::-1] if name.startswith("staff")]
    assert rows[1][1:3] == ["Same", "Data engineer"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_is_never_a_formula(start: str) -> None:
    assert csv_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize(("value", "cell"), [(-5, -5), (None, ""), (True, "yes"), ("a=b", "a=b"), ("", "")])
def test_other_cells_stay_as_they_are(value: object, cell: object) -> None:
    assert csv_cell(value) == cell


def test_an_unreadable_filter_is_400_with_the_reason_and_no_rows(people: List, staff: list[str]) -> None:
    response = people("?role=king&pk=many")
    text = response.content.decode()
    assert (response.status_code, names(response)) == (400, [])
    assert "Role: Select a valid choice. king is not one of the available choices." in text
    assert "Number: Enter a number." in text


def test_an_unknown_sort_is_400_and_names_those_that_exist(people: List, staff: list[str]) -> None:
    response = people("?sort=-password")
    assert (response.status_code, names(response)) == (400, [])
    assert "“password”; it can be by: username, role, pk." in response.content.decode()


def test_a_file_of_unreadable_filters_is_400_too(people: List, staff: list[str]) -> None:
    response = people("?role=king&format=csv")
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert (
        response.content.decode() == "Role: Select a valid choice. king is not one of the available choices."
    )


def test_an_empty_list_offers_the_next_step(people: List) -> None:
    text = people(rows=User.objects.none()).content.decode()
    assert "Nobody yet" in text
    assert '<a class="btn btn-primary" href="/people/new/">Invite</a>' in text
    assert 'id="filters"' not in text


def test_filters_that_match_nothing_say_so_instead(people: List, staff: list[str]) -> None:
    response = people("?q=nobody")
    assert "Nothing matches these filters" in response.content.decode()
    assert "Nobody yet" not in response.content.decode()


def test_what_people_write_is_shown_as_text(people: List, dana: User) -> None:
    dana.first_name = "<script>alert(1)</script>"
    dana.save()
    text = people().content.decode()
    assert "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td>" in text


def test_a_page_costs_two_queries_however_many_rows(
    people: List, staff: list[str], django_assert_num_queries: Callable
) -> None:
    with django_assert_num_queries(2):
        people("?sort=role&q=staff")


def test_bulk_rows_can_be_ticked_without_scripts(people: List, staff: list[str]) -> None:
    text = people("?role=auditor&role=engineer", bulk=BULK).content.decode()
    assert len(re.findall(r'name="ids" value="\d+" form="bulk"', text)) == 50
    assert '<form class="bulk-bar" id="bulk" method="post" action="/people/act/"' in text
    assert '<button class="btn btn-sm" type="submit" name="action" value="open">Open</button>' in text
    assert 'name="next" value="/people/?role=auditor&amp;role=engineer"' in text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"ids": ["dana", "staff-07"]}, ["dana", "staff-07"]),
        ({}, []),
        (
            {"ids": ["dana"], "all": "1", "query": "?q=staff-0&role=auditor"},
            [f"staff-0{n}" for n in (0, 2, 4, 6, 8)],
        ),
        ({"all": "1", "query": "?role=king"}, []),
    ],
)
def test_a_bulk_form_names_its_rows(dana: User, staff: list[str], data: dict, expected: list[str]) -> None:
    ids = [User.objects.get(username=name).pk for name in data.get("ids", [])]
    request = RequestFactory().post("/people/act/", {**data, "ids": ids})
    rows = chosen(request, User.objects.all(), filterset=UserFilter)
    assert [user.username for user in rows.order_by("username")] == expected


def test_an_id_that_is_none_chooses_nothing(dana: User) -> None:
    request = RequestFactory().post("/people/act/", {"ids": ["1; drop table console_user"]})
    assert list(chosen(request, User.objects.all(), filterset=UserFilter)) == []


def test_one_row_can_be_answered_alone(dana: User) -> None:
    text = listing_row(get(user=dana, **HTMX), dana, columns=COLUMNS, bulk=BULK).content.decode()
    assert text.strip().startswith(f'<tr id="row-{dana.pk}">')
    assert f'<a href="/people/{dana.pk}/">dana</a>' in text
