"""Which links a search for a person follows."""

from django.utils import timezone

from catalog.following import is_about_persons, owned_links
from catalog.models import Column, Link, System


def link(source: int, target: int, *columns: str, **values: object) -> Link:
    return Link(
        pk=source * 100 + target,
        source_id=source,
        target_id=target,
        source_columns=list(columns),
        target_columns=list(columns),
        **values,
    )


def column(name: str, category: str = "", distinct: int | None = None) -> Column:
    return Column(name=name, category=category, distinct=distinct)


PERSONS = [column("id", "none.operational", 50), column("email", "contact.email", 50)]


def test_the_shop_is_followed_from_customers_to_what_is_theirs(scanned: System):
    owned = {(row.source.name, row.target.name) for row in Link.objects.filter(follow="owned")}
    assert owned == {("public.invoice", "public.customer"), ("public.invoice_line", "public.invoice")}
    assert Link.objects.filter(follow="reference").count() == 5


def test_persons_who_share_one_row_only_refer_to_it():
    customers = [*PERSONS, column("rep_id", "id.employee", 3)]
    assert owned_links([link(1, 2, "rep_id")], {1: customers, 2: PERSONS}) == []


def test_orders_with_an_e_mail_address_still_belong_to_the_customer():
    orders = [column("customer_id", "id.customer", 48), column("email", "contact.email", 50)]
    belongs = link(1, 2, "customer_id")
    assert owned_links([belongs], {1: orders, 2: PERSONS}) == [belongs]


def test_a_row_of_the_same_table_is_another_person():
    assert owned_links([link(1, 1, "reports_to")], {1: PERSONS}) == []


def test_tables_about_nobody_own_nothing():
    tracks = [column("album_id", "none.operational"), column("composer", "name.full")]
    assert owned_links([link(1, 2, "album_id")], {1: tracks, 2: [column("title", "none.operational")]}) == []


def test_belonging_reaches_along_several_links():
    first, second = link(1, 2, "customer_id"), link(3, 1, "order_id")
    assert owned_links([second, first], {1: [], 2: PERSONS, 3: []}) == [first, second]


def test_a_persons_decision_stands_and_carries_on():
    decided = {"decided_at": timezone.now()}
    refused = link(1, 2, "customer_id", follow=Link.Follow.REFERENCE, **decided)
    below = link(3, 1, "order_id")
    assert owned_links([refused, below], {1: [], 2: PERSONS, 3: []}) == []
    wanted = link(1, 1, "parent_id", follow=Link.Follow.OWNED, **decided)
    assert owned_links([wanted], {1: PERSONS}) == [wanted]


def test_what_a_person_owns_is_followed_on_and_nobody_guesses_it():
    decided = {"decided_at": timezone.now()}
    behind = link(1, 4, "file_id", follow=Link.Follow.OWNS, **decided)
    share, remark = link(1, 2, "customer_id"), link(5, 4, "file_id")
    columns = {1: [], 2: PERSONS, 4: [], 5: []}
    assert owned_links([behind, share, remark], columns) == [share, remark]
    guessed = link(1, 4, "file_id", follow=Link.Follow.OWNS)
    assert owned_links([guessed, share, remark], columns) == [share]


def test_a_name_alone_is_not_enough_to_tell_one_person():
    assert not is_about_persons([column("composer", "name.full")])
    assert is_about_persons([column("name", "name.full"), column("phone", "contact.phone")])
    assert is_about_persons([column("number", "id.customer")])
    assert not is_about_persons([])
