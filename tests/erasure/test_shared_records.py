"""The schemas, rows and answers of K9db's own tests (OSDI 2023), as facts: what GET gives and what FORGET leaves.

Source: github.com/brownsys/K9db, tests/data/{delf_ecommerce, delf_medical_retain, shuup, websubmit, varown, varacc}.
Its references are no constraints; they are declared links here. What it calls ON DEL DELETE_ROW is ownership here.
"""

from collections.abc import Callable
from functools import partial

import pytest

from audit.ledger.context import acting
from catalog import linking
from catalog.models import Link
from tests.erasure.sharing import Shared

NUMBER = ("id.customer", "pseudonymous")
STAFF = ("id.employee", "pseudonymous")
NAME = ("name.full", "direct")
EMAIL = ("contact.email", "direct")
TEXT = ("content.free_text", "quasi")


@pytest.fixture
def made(db: None, pg_database, amir, petra, work) -> Callable[..., Shared]:
    return partial(Shared.made, pg_database, (amir, petra), work)


def test_payment_data_of_a_shop_and_its_admins(made):
    shop = made(
        sql="CREATE TABLE admins (id int PRIMARY KEY, name text);"
        "CREATE TABLE customers (id int PRIMARY KEY, name text);"
        "CREATE TABLE spi (id int PRIMARY KEY, customer_id int, admin_id int, message text);"
        "CREATE TABLE ppi (id int PRIMARY KEY, admin_id int, customer_id int, message text);"
        "INSERT INTO admins VALUES (1, 'Alice'); INSERT INTO customers VALUES (10, 'Barb'), (20, 'Chris');"
        "INSERT INTO spi VALUES (1, 10, 1, 'credit card: 1324'), (2, 10, 1, 'debit card: 3214'),"
        " (3, 20, 1, 'credit card: 4123');"
        "INSERT INTO ppi VALUES (1, 1, 10, 'zip: 53123'), (2, 1, 10, 'spent: $231.20'), (3, 1, 20, 'zip: 08520')",
        labels={
            "admins.id": STAFF,
            "admins.name": NAME,
            "customers.id": NUMBER,
            "customers.name": NAME,
            "spi.customer_id": NUMBER,
            "spi.admin_id": STAFF,
            "ppi.customer_id": NUMBER,
            "ppi.admin_id": STAFF,
        },
        links=[
            ("spi.customer_id", "customers.id", "owned"),
            ("spi.admin_id", "admins.id", "accessed"),
            ("ppi.admin_id", "admins.id", "owned"),
            ("ppi.customer_id", "customers.id", "accessed"),
        ],
    )
    zips = [(1, 1, 10, "zip: 53123"), (2, 1, 10, "spent: $231.20"), (3, 1, 20, "zip: 08520")]
    cards = [(1, 10, 1, "credit card: 1324"), (2, 10, 1, "debit card: 3214"), (3, 20, 1, "credit card: 4123")]
    assert shop.get("id.customer", "10") == {"customers": [(10, "Barb")], "spi": cards[:2], "ppi": zips[:2]}
    assert shop.get("id.employee", "1") == {"admins": [(1, "Alice")], "ppi": zips, "spi": cards}
    shop.forget("id.customer", "10")
    assert shop.get("id.employee", "1") == {"admins": [(1, "Alice")], "ppi": zips, "spi": cards[2:]}
    assert shop.get("id.customer", "10") == {}
    assert shop.get("id.customer", "20") == {"customers": [(20, "Chris")], "spi": cards[2:], "ppi": zips[2:]}
    assert shop.tables("customers", "spi", "ppi") == {
        "customers": [(20, "Chris")],
        "spi": cards[2:],
        "ppi": zips,
    }


def test_chats_of_patients_are_shown_to_their_doctors(made):
    practice = made(
        sql="CREATE TABLE doctors (id int PRIMARY KEY, name text);"
        "CREATE TABLE patients (id int PRIMARY KEY, name text);"
        "CREATE TABLE chat (id int PRIMARY KEY, patient_id int, doctor_id int, message text);"
        "INSERT INTO doctors VALUES (1, 'Alice'), (2, 'Bob');"
        "INSERT INTO patients VALUES (10, 'Carl'), (20, 'Dracula');"
        "INSERT INTO chat VALUES (1, 10, 1, 'HELLO'), (2, 10, 2, 'Good bye'), (3, 20, 1, 'HELLO'),"
        " (4, 20, 2, 'HELLO 2'), (5, 20, 1, 'HELLO 3')",
        labels={"doctors.id": STAFF, "doctors.name": NAME, "patients.id": NUMBER, "patients.name": NAME},
        links=[("chat.patient_id", "patients.id", "owned"), ("chat.doctor_id", "doctors.id", "accessed")],
    )
    assert practice.get("id.customer", "10") == {
        "patients": [(10, "Carl")],
        "chat": [(1, 10, 1, "HELLO"), (2, 10, 2, "Good bye")],
    }
    assert practice.get("id.employee", "2") == {
        "doctors": [(2, "Bob")],
        "chat": [(2, 10, 2, "Good bye"), (4, 20, 2, "HELLO 2")],
    }
    practice.forget("id.customer", "10")
    assert practice.get("id.employee", "2") == {"doctors": [(2, "Bob")], "chat": [(4, 20, 2, "HELLO 2")]}
    assert [row[0] for row in practice.rows("chat")] == [3, 4, 5]


def test_answers_belong_to_students_and_questions_to_nobody(made):
    course = made(
        sql="CREATE TABLE users (email varchar(255) PRIMARY KEY, apikey varchar(255) UNIQUE, is_admin int);"
        "CREATE TABLE lectures (id int PRIMARY KEY, label varchar(255));"
        "CREATE TABLE questions (id int PRIMARY KEY, lecture_id int, question_number int, question text);"
        "CREATE TABLE answers (id varchar(255) PRIMARY KEY, email varchar(255), question_id int,"
        " answer text, grade int);"
        "CREATE TABLE presenters (id int PRIMARY KEY, lecture_id int, email varchar(255));"
        "INSERT INTO users VALUES ('admin@admin.com', 'apikey000', 1), ('student1@email.com', 'apikey111', 0),"
        " ('student2@email.com', 'apikey222', 0), ('student3@email.com', 'apikey333', 0);"
        "INSERT INTO lectures VALUES (1, 'lecture 1'), (2, 'lecture x');"
        "INSERT INTO questions VALUES (1, 1, 1, 'question 1 for lecture 1'), (2, 1, 2, 'question 2 for lecture 1'),"
        " (3, 2, 1, 'question 1 for lecture 2');"
        "INSERT INTO presenters VALUES (1, 1, 'student1@email.com'), (2, 2, 'student2@email.com');"
        "INSERT INTO answers VALUES ('a1', 'student1@email.com', 1, 'answer 1', 100),"
        " ('a2', 'student2@email.com', 1, 'answer 2', 0), ('a3', 'student3@email.com', 1, 'answer 3', 0),"
        " ('a4', 'student1@email.com', 2, 'answer 4', 0), ('a5', 'student2@email.com', 2, 'answer 5', 0),"
        " ('a6', 'student1@email.com', 3, 'answer 6', 0)",
        labels={
            "users.email": ("contact.email", "direct"),
            "users.apikey": ("none.operational", "none"),
            "answers.email": ("contact.email", "direct"),
            "presenters.email": ("contact.email", "direct"),
        },
        links=[
            ("answers.email", "users.email", "owned"),
            ("presenters.email", "users.email", "owned"),
            ("questions.lecture_id", "lectures.id", "reference"),
            ("answers.question_id", "questions.id", "reference"),
            ("presenters.lecture_id", "lectures.id", "reference"),
        ],
    )
    assert course.get("contact.email", "student1@email.com") == {
        "users": [("student1@email.com", "apikey111", 0)],
        "answers": [
            ("a1", "student1@email.com", 1, "answer 1", 100),
            ("a4", "student1@email.com", 2, "answer 4", 0),
            ("a6", "student1@email.com", 3, "answer 6", 0),
        ],
        "presenters": [(1, 1, "student1@email.com")],
    }
    kept = course.tables("lectures", "questions")
    course.forget("contact.email", "student1@email.com")
    assert course.get("contact.email", "student1@email.com") == {}
    assert [row[0] for row in course.rows("users")] == [
        "admin@admin.com",
        "student2@email.com",
        "student3@email.com",
    ]
    assert course.rows("presenters") == [(2, 2, "student2@email.com")]
    assert [row[0] for row in course.rows("answers")] == ["a2", "a3", "a5"]
    assert course.tables("lectures", "questions") == kept


VAROWN = (
    'CREATE TABLE "user" (id int PRIMARY KEY, name text); CREATE TABLE t (id int PRIMARY KEY, content text);'
    "CREATE TABLE rel (id int PRIMARY KEY, from_t int, to_t int);"
)


@pytest.fixture
def owners(made) -> Shared:
    return made(
        sql=f"""{VAROWN}
        INSERT INTO "user" VALUES (0, 'test'), (1, 'b'); INSERT INTO t VALUES (1000, 'target1'), (1001, 'target2');
        INSERT INTO rel VALUES (100, 0, 1000), (101, 1, 1000), (102, 1, 1001)""",
        labels={"user.id": NUMBER, "user.name": NAME},
        links=[("rel.from_t", "user.id", "owned"), ("rel.to_t", "t.id", "owns")],
    )


def test_a_record_of_two_is_given_to_both(owners):
    assert owners.get("id.customer", "0") == {
        "user": [(0, "test")],
        "rel": [(100, 0, 1000)],
        "t": [(1000, "target1")],
    }
    assert owners.get("id.customer", "1") == {
        "user": [(1, "b")],
        "rel": [(101, 1, 1000), (102, 1, 1001)],
        "t": [(1000, "target1"), (1001, "target2")],
    }


def test_a_record_of_two_goes_with_the_last_of_them(owners):
    request = owners.forget("id.customer", "1")
    assert [
        (step.data_set.name, step.method, step.rows_before, step.part)
        for step in request.plans.get().steps.all()
    ] == [
        ("public.rel", "delete", 2, ""),
        ("public.t", "keep", 1, "-"),
        ("public.t", "delete", 1, ""),
        ("public.user", "delete", 1, ""),
    ]
    assert owners.tables("user", "rel", "t") == {
        "user": [(0, "test")],
        "rel": [(100, 0, 1000)],
        "t": [(1000, "target1")],
    }
    owners.forget("id.customer", "0")
    assert owners.tables("user", "rel", "t") == {"user": [], "rel": [], "t": []}


def test_two_ways_to_a_record_are_still_one_owner(owners):
    owners.database.execute(
        """INSERT INTO "user" VALUES (5, 'test'); INSERT INTO t VALUES (1005, 'target_del');
        INSERT INTO rel VALUES (105, 5, 1005), (106, 5, 1005)"""
    )
    assert owners.get("id.customer", "5") == {
        "user": [(5, "test")],
        "rel": [(105, 5, 1005), (106, 5, 1005)],
        "t": [(1005, "target_del")],
    }
    owners.database.execute("DELETE FROM rel WHERE id = 105")
    assert owners.get("id.customer", "5")["t"] == [(1005, "target_del")]
    owners.forget("id.customer", "5")
    assert owners.tables("user", "rel", "t") == {
        "user": [(0, "test"), (1, "b")],
        "rel": [(100, 0, 1000), (101, 1, 1000), (102, 1, 1001)],
        "t": [(1000, "target1"), (1001, "target2")],
    }


def test_a_record_let_go_of_is_not_ones_own_any_more(owners):
    owners.database.execute(
        """INSERT INTO "user" VALUES (8, 'test'), (9, 'b'); INSERT INTO t VALUES (1008, 'target_del_2');
        INSERT INTO rel VALUES (108, 8, 1008), (109, 9, 1008)"""
    )
    owners.database.execute("DELETE FROM rel WHERE id = 108")
    assert owners.get("id.customer", "8") == {"user": [(8, "test")]}
    assert owners.get("id.customer", "9") == {
        "user": [(9, "b")],
        "rel": [(109, 9, 1008)],
        "t": [(1008, "target_del_2")],
    }


def test_a_file_is_shown_to_whom_it_is_shared_with_and_stays_its_owners(made):
    files = made(
        sql='CREATE TABLE "user" (id int PRIMARY KEY, name text);'
        "CREATE TABLE t (id int PRIMARY KEY, content text, ownr int);"
        "CREATE TABLE rel (id int PRIMARY KEY, from_t int, to_t int);"
        "INSERT INTO \"user\" VALUES (1, 'owner_1'), (2, 'accessor_1'); INSERT INTO t VALUES (200, 'owned_file', 1);"
        "INSERT INTO rel VALUES (400, 2, 200)",
        labels={"user.id": NUMBER, "user.name": NAME},
        links=[
            ("t.ownr", "user.id", "owned"),
            ("rel.from_t", "user.id", "owned"),
            ("rel.to_t", "t.id", "accesses"),
        ],
    )
    assert files.get("id.customer", "1") == {"user": [(1, "owner_1")], "t": [(200, "owned_file", 1)]}
    assert files.get("id.customer", "2") == {
        "user": [(2, "accessor_1")],
        "rel": [(400, 2, 200)],
        "t": [(200, "owned_file", 1)],
    }
    files.forget("id.customer", "2")
    assert files.get("id.customer", "1") == {"user": [(1, "owner_1")], "t": [(200, "owned_file", 1)]}
    assert files.tables("user", "rel", "t") == {
        "user": [(1, "owner_1")],
        "rel": [],
        "t": [(200, "owned_file", 1)],
    }


def test_a_person_behind_an_account_and_a_contact(made):
    """Shuup: one person owns a contact and an account, and orders, baskets and a shop hang on all three."""
    shop = made(
        sql="""
        CREATE TABLE auth_user (id int PRIMARY KEY, username text, password text);
        CREATE TABLE shuup_contact (id int PRIMARY KEY, name text, email text);
        CREATE TABLE shuup_personcontact (
            pid int PRIMARY KEY, contact_ptr_id int, name text, user_id int, email text);
        CREATE TABLE shuup_companycontact (contact_ptr_id int PRIMARY KEY, tax_number int);
        CREATE TABLE shuup_companycontact_members (id int PRIMARY KEY, companycontact_id int, contact_id int);
        CREATE TABLE shuup_shop (id int PRIMARY KEY, owner_id int);
        CREATE TABLE shuup_gdpr_gdpruserconsent (id int PRIMARY KEY, created_on text, shop_id int, user_id int);
        CREATE TABLE shuup_mutaddress (id int PRIMARY KEY, tax_number int, user_id int);
        CREATE TABLE shuup_basket (
            id int PRIMARY KEY, creator_id int, customer_id int, orderer_id int, shop_id int);
        CREATE TABLE shuup_order (
            id int PRIMARY KEY, creator_id int, customer_id int, modified_by_id int, shop_id int, orderer_id int,
            account_manager_id int, billing_address_id int);
        INSERT INTO shuup_contact VALUES
            (6, 'Alice', 'alice@email.com'), (7, 'Joe', 'joe@email.com'), (8, 'Company A', 'company@email.com');
        INSERT INTO auth_user VALUES (15, 'Alice', 'secure'), (16, 'Joe', 'insecure');
        INSERT INTO shuup_personcontact VALUES
            (1, 6, 'Alice', 15, 'alice@email.com'), (2, 7, 'Joe', 16, 'joe@email.com');
        INSERT INTO shuup_companycontact VALUES (8, 666);
        INSERT INTO shuup_companycontact_members VALUES (1, 8, 1);
        INSERT INTO shuup_shop VALUES (1, 1);
        INSERT INTO shuup_gdpr_gdpruserconsent VALUES (1, '2020-12-30 00:00:00', 1, 15);
        INSERT INTO shuup_mutaddress VALUES (71, 6666, 15);
        INSERT INTO shuup_order VALUES (1, 15, 6, 15, 1, 1, 2, 71);
        INSERT INTO shuup_basket VALUES (1, 15, 1, 2, 1)
        """,
        labels={
            "shuup_personcontact.pid": NUMBER,
            "shuup_personcontact.name": NAME,
            "shuup_personcontact.email": EMAIL,
            "shuup_contact.name": NAME,
            "shuup_contact.email": EMAIL,
            "auth_user.username": ("id.username", "direct"),
        },
        links=[
            ("shuup_personcontact.contact_ptr_id", "shuup_contact.id", "owns"),
            ("shuup_personcontact.user_id", "auth_user.id", "owns"),
            ("shuup_companycontact.contact_ptr_id", "shuup_contact.id", "reference"),
            (
                "shuup_companycontact_members.companycontact_id",
                "shuup_companycontact.contact_ptr_id",
                "reference",
            ),
            ("shuup_companycontact_members.contact_id", "shuup_personcontact.pid", "owned"),
            ("shuup_shop.owner_id", "shuup_personcontact.pid", "owned"),
            ("shuup_gdpr_gdpruserconsent.shop_id", "shuup_shop.id", "reference"),
            ("shuup_gdpr_gdpruserconsent.user_id", "auth_user.id", "owned"),
            ("shuup_mutaddress.user_id", "auth_user.id", "accessed"),
            ("shuup_basket.creator_id", "auth_user.id", "reference"),
            ("shuup_basket.customer_id", "shuup_personcontact.pid", "owned"),
            ("shuup_basket.orderer_id", "shuup_personcontact.pid", "accessed"),
            ("shuup_order.creator_id", "auth_user.id", "owned"),
            ("shuup_order.customer_id", "shuup_contact.id", "owned"),
            ("shuup_order.billing_address_id", "shuup_mutaddress.id", "owns"),
            ("shuup_order.modified_by_id", "auth_user.id", "accessed"),
            ("shuup_order.shop_id", "shuup_shop.id", "accessed"),
            ("shuup_order.orderer_id", "shuup_personcontact.pid", "accessed"),
            ("shuup_order.account_manager_id", "shuup_personcontact.pid", "accessed"),
        ],
    )
    joe = {
        "shuup_personcontact": [(2, 7, "Joe", 16, "joe@email.com")],
        "auth_user": [(16, "Joe", "insecure")],
        "shuup_contact": [(7, "Joe", "joe@email.com")],
    }
    company = (8, "Company A", "company@email.com")
    assert shop.get("id.customer", "1") == {
        "shuup_personcontact": [(1, 6, "Alice", 15, "alice@email.com")],
        "auth_user": [(15, "Alice", "secure")],
        "shuup_contact": [(6, "Alice", "alice@email.com")],
        "shuup_companycontact_members": [(1, 8, 1)],
        "shuup_shop": [(1, 1)],
        "shuup_gdpr_gdpruserconsent": [(1, "2020-12-30 00:00:00", 1, 15)],
        "shuup_basket": [(1, 15, 1, 2, 1)],
        "shuup_order": [(1, 15, 6, 15, 1, 1, 2, 71)],
        "shuup_mutaddress": [(71, 6666, 15)],
    }
    request = shop.forget("id.customer", "1")
    assert sum(step.rows_before for step in request.plans.get().steps.all()) == 9
    assert shop.tables("shuup_personcontact", "auth_user", "shuup_contact", "shuup_companycontact") == {
        **joe,
        "shuup_contact": [*joe["shuup_contact"], company],
        "shuup_companycontact": [(8, 666)],
    }
    gone = ["companycontact_members", "gdpr_gdpruserconsent", "mutaddress", "order", "basket", "shop"]
    assert shop.tables(*(f"shuup_{name}" for name in gone)) == {f"shuup_{name}": [] for name in gone}
    assert shop.get("id.customer", "2") == joe


@pytest.fixture
def board(made) -> Shared:
    """Lobsters, in part: messages and hats have two owners, with real foreign keys."""
    return made(
        sql="""
        CREATE TABLE users (id int PRIMARY KEY, username varchar(50) UNIQUE, email varchar(100));
        CREATE TABLE comments (
            id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, parent_comment_id int REFERENCES comments,
            comment text NOT NULL);
        CREATE TABLE messages (
            id int PRIMARY KEY, author_user_id int REFERENCES users, recipient_user_id int REFERENCES users,
            body text);
        CREATE TABLE hats (
            id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, granted_by_user_id int NOT NULL REFERENCES users,
            hat varchar(255) NOT NULL);
        CREATE TABLE blocks (
            blocker_id int REFERENCES users, blocked_id int REFERENCES users, PRIMARY KEY (blocker_id, blocked_id));
        INSERT INTO users VALUES (0, 'joe', 'joe@gmail.com'), (1, 'jeff', 'jeff@gmail.com'), (2, 'james', NULL);
        INSERT INTO comments VALUES (0, 0, NULL, 'zero'), (1, 1, 0, 'one'), (2, 0, 1, 'two');
        INSERT INTO messages VALUES (0, 0, 1, 'hi'), (1, 1, 0, 'ho'), (2, 0, NULL, 'to nobody'), (3, 0, 0, 'memo'),
            (4, 1, 2, 'psst');
        INSERT INTO blocks VALUES (0, 1), (1, 2)
        """,
        labels={
            "users.id": NUMBER,
            "users.username": ("id.username", "direct"),
            "users.email": EMAIL,
            "comments.comment": TEXT,
            "messages.body": TEXT,
        },
        links=[
            ("comments.user_id", "users.id", "owned"),
            ("comments.parent_comment_id", "comments.id", "reference"),
            ("messages.author_user_id", "users.id", "owned"),
            ("messages.recipient_user_id", "users.id", "owned"),
            ("hats.user_id", "users.id", "owned"),
            ("hats.granted_by_user_id", "users.id", "owned"),
            ("blocks.blocker_id", "users.id", "owned"),
            ("blocks.blocked_id", "users.id", "owned"),
        ],
    )


def test_a_message_stays_with_the_other_one(board):
    board.database.execute("UPDATE comments SET parent_comment_id = NULL WHERE id = 1")
    request = board.forget("contact.email", "joe@gmail.com")
    steps = request.plans.get().steps.all()
    assert {(step.data_set.name, step.part): (step.method, step.rows_before) for step in steps} == {
        ("public.messages", "author_user_id"): ("anonymize", 1),
        ("public.messages", "recipient_user_id"): ("anonymize", 1),
        ("public.messages", ""): ("delete", 2),
        ("public.blocks", "blocker_id"): ("delete", 1),
        ("public.comments", ""): ("delete", 2),
        ("public.users", ""): ("delete", 1),
    }
    assert board.tables("users", "comments", "messages", "blocks") == {
        "users": [(1, "jeff", "jeff@gmail.com"), (2, "james", None)],
        "comments": [(1, 1, None, "one")],
        "messages": [(0, None, 1, "hi"), (1, 1, None, "ho"), (4, 1, 2, "psst")],
        "blocks": [(1, 2)],
    }
    board.forget("contact.email", "jeff@gmail.com")
    assert board.tables("users", "comments", "messages", "blocks") == {
        "users": [(2, "james", None)],
        "comments": [],
        "messages": [(4, None, 2, "psst")],
        "blocks": [],
    }


def test_what_may_not_be_empty_keeps_a_row_that_says_nothing(board):
    board.database.execute(
        "DELETE FROM comments; DELETE FROM messages;"
        "INSERT INTO hats VALUES (0, 0, 0, 'own'), (1, 0, 1, 'given')"
    )
    request = board.forget("contact.email", "joe@gmail.com")
    steps = {(step.data_set.name, step.part): step for step in request.plans.get().steps.all()}
    assert steps["public.hats", "user_id"].method == "keep"
    assert steps["public.hats", "user_id"].kept == [
        {"column": "user_id", "why": "foreign key to public.users that may not be empty"}
    ]
    assert steps["public.users", ""].method == "anonymize"
    assert board.tables("users", "hats") == {
        "users": [(0, None, None), (1, "jeff", "jeff@gmail.com"), (2, "james", None)],
        "hats": [(1, 0, 1, "given")],
    }


def test_two_owners_who_go_at_the_same_time_leave_nothing(owners):
    """Each is told that the record is the other's too; who is last is found out afterwards, and it goes with them."""
    owners.database.execute("DELETE FROM rel WHERE id = 102; DELETE FROM t WHERE id = 1001")
    requests = [owners.searched("id.customer", value, kind="erasure") for value in ("0", "1")]
    assert [request.state for request in requests] == ["planned", "planned"]
    for request in requests:
        owners.approved(request)
    assert [request.state for request in requests] == ["complete", "residual found"]
    assert requests[1].residue == [
        {"data_set": "shop / public.t", "rows": 1, "how": "rows that were others' too, of whom none is left"}
    ]
    owners.search_again(requests[1])
    owners.approved(requests[1])
    assert requests[1].state == "complete"
    assert owners.tables("user", "rel", "t") == {"user": [], "rel": [], "t": []}


def test_rows_of_several_persons_without_a_key_block_the_plan(made):
    chat = made(
        sql="CREATE TABLE person (id int PRIMARY KEY, name text); CREATE TABLE said (by_id int, to_id int, what text);"
        "INSERT INTO person VALUES (1, 'a'), (2, 'b'), (3, 'c');"
        "INSERT INTO said VALUES (1, 2, 'hi'), (1, NULL, 'hm'), (3, NULL, 'ha')",
        labels={"person.id": NUMBER, "person.name": NAME},
        links=[("said.by_id", "person.id", "owned"), ("said.to_id", "person.id", "owned")],
    )
    request = chat.searched("id.customer", "1", kind="erasure")
    (plan,) = request.plans.all()
    assert (request.state, plan.state) == ("found", "blocked")
    assert [problem["message"] for problem in plan.problems] == [
        "Some of these rows are other persons' too, and no primary key tells them apart."
    ]
    chat.forget("id.customer", "3")
    assert chat.tables("person", "said") == {
        "person": [(1, "a"), (2, "b")],
        "said": [(1, 2, "hi"), (1, None, "hm")],
    }


def test_a_guess_of_the_scan_that_rows_are_others_too_is_asked_about(board):
    """Nobody decided whether a message belongs to both: then nothing of it is planned before somebody does."""
    link = Link.objects.get(source_columns=["recipient_user_id"])
    Link.objects.filter(pk=link.pk).update(decided_at=None)
    request = board.searched("contact.email", "joe@gmail.com", kind="erasure")
    (plan,) = request.plans.all()
    assert plan.state == "blocked"
    assert plan.problems[0]["message"] == (
        "1 rows are other persons' too, as far as a scan has guessed from recipient_user_id."
    )
    with acting(board.amir.as_actor()):
        linking.decide(link, follow="reference", by=board.amir)
    board.search_again(request)
    board.database.execute("UPDATE comments SET parent_comment_id = NULL")
    board.search_again(request)
    assert request.state == "planned"
