"""A shop of 11 tables and 10 references: after an erasure nothing of the person is left, and all else is as it was.

The facts (tables, references, rows) are those of the sample database of Fides: github.com/ethyca/fides,
src/fides/data/sample_project/postgres_sample.sql and sample_resources/postgres_example_test_dataset.yml.
"""

import pytest

from audit.ledger.context import acting
from catalog import scanning
from tests.erasure.sharing import Shared

EMAIL, NAME = ("contact.email", "direct"), ("name.full", "direct")
NUMBER, PLACE = ("id.customer", "pseudonymous"), ("contact.address.street", "direct")

TABLES = """
CREATE TABLE product (id int PRIMARY KEY, name text, description text, url text, price money);
CREATE TABLE address (id int PRIMARY KEY, house text, street text, city text, state text, zip text);
CREATE TABLE customer (id int PRIMARY KEY, email varchar(100), name varchar(100), created timestamp, address_id bigint);
CREATE TABLE employee (id int PRIMARY KEY, email varchar(100), name varchar(100), address_id bigint);
CREATE TABLE payment_card (id varchar(100) PRIMARY KEY, name text, ccn bigint, code smallint, preferred boolean,
    customer_id int, billing_address_id bigint);
CREATE TABLE orders (id varchar(100) PRIMARY KEY, customer_id int, shipping_address_id bigint, payment_card_id text);
CREATE TABLE order_item (order_id varchar(100), item_no smallint, product_id int, quantity smallint,
    PRIMARY KEY (order_id, item_no));
CREATE TABLE visit (email varchar(100), last_visit timestamp, PRIMARY KEY (email, last_visit));
CREATE TABLE login (id int PRIMARY KEY, customer_id int, time timestamp);
CREATE TABLE service_request (id varchar(100) PRIMARY KEY, email text, alt_email text, opened date, closed date,
    employee_id int);
CREATE TABLE report (id int PRIMARY KEY, email text, name text, year int, month int, total_visits int);
"""
ROWS = """
INSERT INTO product VALUES (1, 'The Choco Chip', 'Crisp', '/1', '$20'), (2, 'The Almond Butter', 'Soft', '/2', '$20');
INSERT INTO address VALUES (1, '123', 'Example Street', 'Exampletown', 'NY', '12345'),
    (2, '4', 'Example Lane', 'Exampletown', 'NY', '12321'), (3, '555', 'Example Ave', 'Example City', 'NY', '12000'),
    (4, '1111', 'Example Place', 'Example Mountain', 'TX', '54321');
INSERT INTO customer VALUES (1, 'customer-1@example.com', 'John Customer', '2020-04-01 11:47:42', 1),
    (2, 'customer-2@example.com', 'Jill Customer', '2020-04-01 11:47:42', 2),
    (3, 'jane@example.com', 'Jane Customer', '2020-04-01 11:47:42', 4);
INSERT INTO employee VALUES (1, 'employee-1@example.com', 'Jack Employee', 3),
    (2, 'employee-2@example.com', 'Jane Employee', 3);
INSERT INTO payment_card VALUES ('pay_aaa-aaa', 'Example Card 1', 123456789, 321, true, 1, 1),
    ('pay_bbb-bbb', 'Example Card 2', 987654321, 123, false, 2, 1),
    ('pay_ccc-ccc', 'Example Card 3', 373719391, 222, false, 3, 4);
INSERT INTO orders VALUES ('ord_aaa-aaa', 1, 2, 'pay_aaa-aaa'), ('ord_bbb-bbb', 2, 1, 'pay_bbb-bbb'),
    ('ord_ccc-ccc', 1, 1, 'pay_aaa-aaa'), ('ord_ddd-ddd', 1, 1, 'pay_bbb-bbb'), ('ord_ddd-eee', 3, 4, 'pay_ccc-ccc');
INSERT INTO order_item VALUES ('ord_aaa-aaa', 1, 1, 1), ('ord_bbb-bbb', 1, 1, 1), ('ord_ccc-ccc', 1, 1, 1),
    ('ord_ccc-ccc', 2, 2, 1), ('ord_ddd-ddd', 1, 1, 1), ('ord_eee-eee', 3, 4, 3);
INSERT INTO visit VALUES ('customer-1@example.com', '2021-01-06 01:00:00'),
    ('customer-2@example.com', '2021-01-06 01:00:00');
INSERT INTO login SELECT n, CASE WHEN n < 7 THEN 1 ELSE n - 5 END, '2021-01-06 01:00:00' FROM generate_series(1, 8) n;
INSERT INTO service_request VALUES
    ('ser_aaa-aaa', 'customer-1@example.com', 'customer-1-alt@example.com', '2021-01-01', '2021-01-03', 1),
    ('ser_bbb-bbb', 'customer-2@example.com', NULL, '2021-01-04', NULL, 1),
    ('ser_ccc-ccc', 'customer-3@example.com', NULL, '2021-01-05', '2020-01-07', 1),
    ('ser_ddd-ddd', 'customer-3@example.com', NULL, '2021-05-05', '2020-05-08', 2);
INSERT INTO report SELECT n, 'admin-account@example.com', 'Monthly Report', 2021, 7 + n, 100
    FROM generate_series(1, 4) n;
"""
LABELS = {
    **{f"address.{name}": PLACE for name in ("house", "street")},
    **{f"address.{name}": ("contact.address", "direct") for name in ("city", "state", "zip")},
    **{f"{table}.email": EMAIL for table in ("customer", "employee", "visit", "service_request", "report")},
    "service_request.alt_email": EMAIL,
    "customer.name": NAME,
    "employee.name": NAME,
    "customer.id": NUMBER,
    "login.customer_id": NUMBER,
    "orders.customer_id": NUMBER,
    "payment_card.customer_id": NUMBER,
    "payment_card.ccn": ("finance.card_number", "direct"),
    "employee.id": ("id.employee", "pseudonymous"),
    "service_request.employee_id": ("id.employee", "pseudonymous"),
}
LINKS = [
    ("customer.address_id", "address.id", "owns"),
    ("employee.address_id", "address.id", "owns"),
    ("payment_card.billing_address_id", "address.id", "owns"),
    ("orders.shipping_address_id", "address.id", "owns"),
    ("login.customer_id", "customer.id", "owned"),
    ("orders.customer_id", "customer.id", "owned"),
    ("payment_card.customer_id", "customer.id", "owned"),
    ("order_item.order_id", "orders.id", "owned"),
    ("order_item.product_id", "product.id", "reference"),
    ("service_request.employee_id", "employee.id", "reference"),
]
NAMES = [line.split()[2] for line in TABLES.splitlines() if line.startswith("CREATE TABLE")]
MINE = {  # places of the rows of customer 1 alone, by the first column
    "customer": {1},
    "payment_card": {"pay_aaa-aaa"},
    "orders": {"ord_aaa-aaa", "ord_ccc-ccc", "ord_ddd-ddd"},
    "order_item": {"ord_aaa-aaa", "ord_ccc-ccc", "ord_ddd-ddd"},
    "visit": {"customer-1@example.com"},
    "login": {1, 2, 3, 4, 5, 6},
    "service_request": {"ser_aaa-aaa"},
}


@pytest.fixture
def house(db: None, pg_database, amir, petra, work) -> Shared:
    """Scanned, then labelled and linked by a steward."""
    made = Shared.made(pg_database, (amir, petra), work, sql=TABLES + ROWS, labels={}, links=[], settle=False)
    with acting(amir.as_actor()):
        scanning.request(made.system)
    work()
    made.settle(LABELS, LINKS)
    return made


def test_nothing_of_the_customer_is_left_and_nobody_else_lost_a_row(house: Shared):
    assert len(NAMES) == 11
    before = house.tables(*NAMES)
    request = house.forget("contact.email", "customer-1@example.com")
    assert request.outcome == "erased"
    after = house.tables(*NAMES)
    assert after == {
        name: [row for row in rows if row[0] not in MINE.get(name, set())] for name, rows in before.items()
    }
    everything = repr(after)
    for datum in ("customer-1", "John Customer", "Example Card 1", "123456789", "ord_aaa", "ser_aaa"):
        assert datum not in everything
    # The customer's address stays because another customer's card and order go there, and nothing leads back to them.
    (plan,) = request.plans.all()
    kept = plan.steps.get(data_set__name="public.address")
    assert (kept.method, kept.rows_before, kept.part) == ("keep", 2, "-")


def test_an_address_that_is_nobody_elses_goes_too(house: Shared):
    house.forget("contact.email", "jane@example.com")
    assert [row[0] for row in house.rows("address")] == [1, 2, 3]
    assert [row[0] for row in house.rows("customer")] == [1, 2]
    house.forget("contact.email", "customer-1@example.com")
    house.forget("contact.email", "customer-2@example.com")
    assert [row[0] for row in house.rows("address")] == [3]
    assert house.tables("customer", "payment_card", "orders", "visit", "login") == {
        name: [] for name in ("customer", "payment_card", "orders", "visit", "login")
    }


def test_an_employee_goes_without_the_requests_they_handled(house: Shared):
    request = house.forget("contact.email", "employee-1@example.com")
    assert [
        (step.data_set.name, step.method, step.rows_before) for step in request.plans.get().steps.all()
    ] == [
        ("public.address", "keep", 1),  # a colleague lives there too
        ("public.employee", "delete", 1),
    ]
    assert len(house.rows("service_request")) == 4
