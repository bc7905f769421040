import pyarrow as pa
import pytest

from catalog.classification.neighbours import TableColumn, classify_table
from catalog.classification.scoring import classify

GIVEN = ["Ana", "Michael", "Jennifer", "Thomas", "Ingrid", "Carlos", "Julia", "Pedro", "Anna", "William"]
RARE = ["Ahearn", "Chaikin", "Gilmartin", "Boynetskiy", "Gagukha", "Malofiyev", "Isakadze", "McGrath"]
TOWNS = ["Springfield", "Portland", "Salem", "Medford", "Eugene", "Ashland", "Newport", "Bend"]
POSTCODES = ["97201-1234", "97301-0001", "97501-2222", "97401-1111"]


def column(name, values=(), kind="text"):
    return TableColumn(name, kind, pa.array(list(values), pa.string()))


def judge(*columns, table="t", **options):
    return classify_table(columns, table=table, use_entities=False, **options)


def alone(one, table="t", **options):
    return classify(one.name, table=table, kind=one.kind, values=one.values, use_entities=False, **options)


def test_a_column_without_telling_neighbours_is_judged_as_by_itself():
    columns = [column("qty", ["1", "2"], "integer"), column("email", ["ana@example.org"])]
    assert judge(*columns) == {one.name: alone(one) for one in columns}


def test_every_column_gets_a_verdict_and_none_is_fine():
    assert judge() == {}
    assert list(judge(column("a"), column("b"))) == ["a", "b"]


def test_a_name_beside_a_surname_is_a_given_name():
    nombre, apellidos = column("nombre", GIVEN), column("apellidos", ["Rossi", "Torres", "Vega"])
    verdict = judge(nombre, apellidos)["nombre"].best
    assert verdict.category == "name.given"
    assert "neighbours" in {item.origin for item in verdict.evidence}
    assert verdict.confidence > alone(nombre).findings[-1].confidence


def test_a_name_in_a_table_about_people_is_a_persons():
    name = column("name", ["Xq", "Zw", "Vv"])
    before = alone(name).best
    after = judge(name, column("birth_date"), column("gender"))["name"].best
    assert before.category == after.category == "name.full"
    assert before.confidence < 0.5 < after.confidence


def test_a_name_beside_prices_stays_unsure():
    columns = [column("name", ["Xq", "Zw", "Vv"]), column("price", ["1", "2"], "integer")]
    assert judge(*columns)["name"] == alone(columns[0])


def test_rare_family_names_are_found_just_beside_given_names():
    family = column("c2", RARE)
    assert alone(family, use_names=False).best is None
    found = judge(column("c1", GIVEN), family, use_names=False)["c2"].best
    assert found.category == "name.family"
    assert found.confidence >= 0.5


def test_and_not_two_columns_away():
    columns = [column("c1", GIVEN), column("c2", ["1", "2", "3"]), column("c3", RARE)]
    assert judge(*columns, use_names=False)["c3"].best is None


def test_a_telling_name_is_not_talked_over():
    columns = [column("first_name", GIVEN), column("breed", RARE)]
    assert judge(*columns)["breed"] == alone(columns[1])


def test_a_street_without_numbers_is_an_address_where_the_house_number_stands_beside():
    street = column("street", ["Lipowa", "Polna", "Leśna", "Krótka"])
    before = alone(street).best.confidence
    after = judge(street, column("house_number", ["1", "2a", "17"]), column("city", TOWNS))["street"].best
    assert after.category == "contact.address.street"
    assert before < 0.5 < after.confidence


def test_towns_beside_postal_codes_are_no_families():
    towns = column(
        "c1",
        [
            "Anderson",
            "Henderson",
            "Robertson",
            "Richardson",
            "Williamson",
            "Johnson",
            "Nicholson",
            "Patterson",
        ],
    )
    before = alone(towns, use_names=False).best
    after = judge(towns, column("c2", POSTCODES), use_names=False)["c1"].best
    assert before.category == "name.family"
    assert after is None or after.confidence < before.confidence


@pytest.mark.parametrize("shown", [True, False])
def test_the_order_of_columns_does_not_decide_what_names_say(shown):
    columns = [column("nombre", GIVEN), column("apellidos", RARE), column("telefono", ["+34 612 34 56 78"])]
    one, other = judge(*columns, use_names=shown), judge(*reversed(columns), use_names=shown)
    assert one == other
