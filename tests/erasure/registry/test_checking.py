import json
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.ledger.models import Waiting
from erasure.models import SubjectRequest
from erasure.registry.checking import Mask, check, mask_for
from erasure.registry.models import Registration
from erasure.registry.registering import lift, register
from governance.console.models import User
from governance.keyring.lookups import lookup_of
from tests.erasure.officers import request_of

EMAIL = "contact.email"


@pytest.fixture
def ana(db: None, amir: User, somebody_acts) -> SubjectRequest:
    return request_of("ana@example.org", amir)


def enter(request: SubjectRequest, effect: str, *emails: str, purpose: str = "") -> int:
    return register(
        request, [(EMAIL, lookup_of(EMAIL, each)) for each in emails], effect=effect, purpose=purpose
    )


def test_who_was_erased_is_known_however_the_address_is_written(ana: SubjectRequest) -> None:
    assert enter(ana, "erased", "ana@example.org") == 1
    assert enter(ana, "erased", "ana@example.org") == 0  # the same person twice is one entry
    assert check(EMAIL, [" ANA@Example.org", "ben@example.org", "", "ana@example.org"]) == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("effect", "forbidden"),
    [
        ("erased", {"keep", "use", "share"}),
        ("restricted", {"use", "share"}),
        ("objected", {"use", "share"}),
        ("opted out", {"share"}),
    ],
)
def test_what_each_effect_forbids(ana: SubjectRequest, effect: str, forbidden: set) -> None:
    enter(ana, effect, "ana@example.org")
    assert {
        use for use in ("keep", "use", "share") if check(EMAIL, ["ana@example.org"], use=use)[0]
    } == forbidden


def test_an_objection_counts_for_its_purpose(ana: SubjectRequest) -> None:
    enter(ana, "objected", "ana@example.org", purpose="Newsletter")
    assert check(EMAIL, ["ana@example.org"], use="use", purpose="Newsletter") == [True]
    assert check(EMAIL, ["ana@example.org"], use="use", purpose="Invoices") == [False]
    assert check(EMAIL, ["ana@example.org"], use="use") == [True]


def test_what_is_lifted_forbids_nothing(ana: SubjectRequest) -> None:
    enter(ana, "restricted", "ana@example.org")
    assert lift(ana, effect="restricted") == 1
    assert lift(ana, effect="restricted") == 0
    assert check(EMAIL, ["ana@example.org"], use="use") == [False]
    assert enter(ana, "restricted", "ana@example.org") == 1


@pytest.mark.parametrize(
    ("category", "use", "sentence"),
    [
        ("name.full", "keep", "name.full does not identify exactly one person."),
        ("nothing", "keep", "nothing does not identify exactly one person."),
        (EMAIL, "sell", "There is no use sell: it is one of keep, use, share."),
    ],
)
def test_what_cannot_be_asked(db: None, category: str, use: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        mask_for(category, use=use)
    assert refused.value.messages == [sentence]


def test_a_mask_keeps_the_shape_of_its_column(ana: SubjectRequest) -> None:
    enter(ana, "erased", "ana@example.org")
    mask = mask_for(EMAIL)
    values = pa.chunked_array([["ana@example.org", None], ["ben@example.org"], []], pa.string())
    assert mask.registered(values).to_pylist() == [True, False, False]
    encoded = pa.array(["ben@example.org", "ana@example.org"]).dictionary_encode()
    assert mask.registered(encoded).to_pylist() == [False, True]
    assert mask.registered(pa.array([], pa.string())).to_pylist() == []
    assert mask.registered(pa.array([1, None])).to_pylist() == [False, False]


@settings(max_examples=50, deadline=None)
@given(
    st.sets(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1), max_size=20),
    st.data(),
)
def test_a_mask_says_what_one_look_up_each_would(known: set, data) -> None:
    lookups = sorted({lookup_of(EMAIL, each) for each in known})
    hashes = sorted(int.from_bytes(each[:8], "big") for each in lookups)
    mask = Mask(EMAIL, "keep", pa.array(hashes, pa.uint64()).to_numpy(), (EMAIL,))
    asked = data.draw(
        st.lists(st.one_of(st.sampled_from(sorted(known) or ["x"]), st.text(max_size=5)), max_size=20)
    )
    expected = [lookup_of(EMAIL, each) in lookups for each in asked]
    assert mask.registered(pa.array(asked, pa.string())).to_pylist() == expected


def test_a_file_comes_out_without_the_registered(ana: SubjectRequest, tmp_path: Path) -> None:
    enter(ana, "erased", "ana@example.org")
    source = tmp_path / "events.parquet"
    table = pa.table({"email": ["ana@example.org", "ben@example.org", None], "n": [1, 2, 3]})
    pq.write_table(table, source)
    out = tmp_path / "clean.parquet"
    said = StringIO()
    options = {"column": "email", "category": EMAIL}
    call_command("registry", source, **options, out=out, stdout=said)
    assert json.loads(said.getvalue()) == {"rows": 3, "registered": 1}
    assert pq.read_table(out).to_pylist() == [{"email": "ben@example.org", "n": 2}, {"email": None, "n": 3}]
    with pytest.raises(SystemExit) as ended:
        call_command("registry", source, **options, stdout=StringIO())
    assert ended.value.code == 1
    with pytest.raises(CommandError, match="is there already"):
        call_command("registry", source, **options, out=out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean.parquet", "events.parquet"]
    assert b"registry.checked" in bytes(Waiting.objects.order_by("-pk").first().body)
    assert not any(b"ana@example.org" in bytes(entry.body) for entry in Waiting.objects.all())


def test_csv_goes_in_and_out(ana: SubjectRequest, tmp_path: Path) -> None:
    enter(ana, "erased", "ana@example.org")
    source, out = tmp_path / "events.csv", tmp_path / "clean.csv"
    source.write_text("email,n\nana@example.org,1\nben@example.org,2\n")
    call_command("registry", source, column="email", category=EMAIL, out=out, stdout=StringIO())
    assert pa_csv.read_csv(out).to_pylist() == [{"email": "ben@example.org", "n": 2}]


@pytest.mark.parametrize(
    ("name", "content", "options", "sentence"),
    [
        ("a.parquet", b"PAR", {}, "cannot be read as parquet"),
        ("a.xlsx", b"", {}, "its name has to end with one of .parquet, .csv, .feather, .arrow"),
        ("a.csv", b"mail\nx\n", {}, "has no column email; it has mail."),
        ("a.csv", b"email\nx\n", {"category": "name.full"}, "does not identify exactly one person"),
    ],
)
def test_files_that_cannot_be_checked(db: None, tmp_path: Path, name, content, options, sentence) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("registry", path, **{"column": "email", "category": EMAIL} | options)


def test_registrations_hold_no_identifier(ana: SubjectRequest) -> None:
    enter(ana, "erased", "ana@example.org")
    entry = Registration.objects.get()
    assert (bytes(entry.lookup), entry.request) == (lookup_of(EMAIL, "ana@example.org"), ana.reference)
