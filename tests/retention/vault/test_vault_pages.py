"""The pages of keys, tokens and shredding."""

import re

import pytest

from retention.vault import keyring
from retention.vault.detokenizing import UNKNOWN
from retention.vault.keyring import create
from retention.vault.models import Detokenization, Key, KeyVersion, ShredRequest, Token
from retention.vault.tokens import TokenVault
from tests.people import client_of
from tests.retention.vault.test_shredding import CATEGORY, Data
from tests.retention.vault.test_tokens import random_tokens

HOME = "/anonymization/vault/"


@pytest.fixture
def data(db) -> Data:
    return Data()


def text_of(answer) -> str:
    """Its words, without the tags and in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_empty_lists_say_what_will_stand_there_and_the_next_step(amir, vera):
    officer, auditor = client_of(amir), client_of(vera)
    assert '<a class="btn btn-primary" href="/anonymization/vault/keys/add/">Make a key</a>' in (
        page := officer.get(HOME).content.decode()
    )
    assert "No keys yet" in page
    assert "keys/add" not in auditor.get(HOME).content.decode()
    assert "No tokens yet" in text_of(auditor.get(f"{HOME}tokens/"))
    assert "detokenize" not in auditor.get(f"{HOME}tokens/").content.decode()
    assert "Nobody was shredded" in text_of(officer.get(f"{HOME}shreds/"))


def test_tabs_lead_between_keys_and_tokens(vera):
    for path, here in ((HOME, "Keys"), (f"{HOME}tokens/", "Tokens")):
        tabs = client_of(vera).get(path).content.decode()
        assert f'<a href="{path}" aria-current="page">{here}</a>' in tabs
        assert f'<a href="{HOME}"' in tabs
        assert f'<a href="{HOME}tokens/"' in tabs


def test_a_key_is_made_on_a_page(amir):
    browser = client_of(amir)
    answer = browser.post(f"{HOME}keys/add/", {"name": "orders", "note": "Joins orders"})
    made = Key.objects.get(name="orders")
    assert answer["Location"] == f"{HOME}keys/{made.pk}/"
    assert made.created_by == amir
    shown = text_of(browser.get(answer["Location"]))
    assert "orders/1 Active local ring" in shown
    again = browser.post(f"{HOME}keys/add/", {"name": "orders"})
    assert (again.status_code, "There is a key orders already." in text_of(again)) == (422, True)
    for name in ("a/b", "vault.own", ""):
        assert browser.post(f"{HOME}keys/add/", {"name": name}).status_code == 422
    assert Key.objects.count() == 1


def test_a_key_service_that_is_wrong_is_said_on_the_pages(amir, settings):
    settings.KMS_URL = "transit+https://bao.internal/alone"
    browser = client_of(amir)
    assert "The address of the transit key service is not complete." in text_of(browser.get(HOME))
    answer = browser.post(f"{HOME}keys/add/", {"name": "orders"})
    assert (answer.status_code, "Write it as transit+https" in text_of(answer)) == (422, True)
    assert not Key.objects.exists()


def test_rotating_needs_the_name_typed(data: Data, amir):
    browser, key = client_of(amir), Key.objects.get(name="orders")
    url = f"{HOME}keys/{key.pk}/rotate/"
    page = text_of(browser.get(url))
    assert "Version 1 retires." in page
    assert "2 entries of the vault stay under the version they have" in page
    assert browser.post(url, {"typed": "order"}).status_code == 422
    assert key.versions.count() == 1
    answer = browser.post(url, {"typed": "orders"}, follow=True)
    assert "orders/2 is in use. Re-key to bring" in text_of(answer)
    assert list(key.versions.values_list("number", "state")) == [(2, "active"), (1, "retired")]


def test_the_key_of_lookups_is_not_rotated(data: Data, amir):
    key, browser = Key.objects.get(name="vault.lookups"), client_of(amir)
    assert "rotate" not in browser.get(f"{HOME}keys/{key.pk}/").content.decode()
    answer = browser.post(f"{HOME}keys/{key.pk}/rotate/", {"typed": key.name})
    assert (answer.status_code, "is never rotated" in text_of(answer)) == (422, True)


def test_what_is_under_older_versions_is_shown_until_it_is_rekeyed(data: Data, amir, work):
    browser = client_of(amir)
    assert "Re-key the vault" not in text_of(browser.get(HOME))
    keyring.rotate(Key.objects.get(name="orders"))
    page = browser.get(HOME)
    assert "2 entries of the vault are under older versions" in text_of(page)
    assert re.search(r">orders</a></td>\s*<td class=\"numeric\">2</td>", page.content.decode())
    answer = browser.post(f"{HOME}rekey/")
    assert answer["Location"].startswith("/jobs/")
    assert 'hx-trigger="every 1s"' in browser.get(HOME).content.decode()
    work()
    assert "Read back: nothing is under an older version." in text_of(browser.get(HOME))


def test_lists_cost_a_fixed_number_of_questions(data: Data, vera, django_assert_max_num_queries):
    for number in range(12):
        create(f"key-{number}")
        TokenVault().issue(f"domain-{number}", ["a"], fresh=random_tokens)
    browser = client_of(vera)
    for path in (HOME, f"{HOME}tokens/"):
        with django_assert_max_num_queries(14):
            assert browser.get(path).status_code == 200


def test_values_are_shown_once_and_never_in_an_address(data: Data, amir, sequenced):
    browser, url = client_of(amir), f"{HOME}tokens/detokenize/"
    asked = {
        "domain": "email",
        "tokens": f" {data.ana}\n\nguess\n{data.nobody}",
        "reason": "A returned payment",
    }
    answer = browser.post(url, asked)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store, private")
    shown = text_of(answer)
    assert f"{data.ana} ana@x guess {UNKNOWN} {data.nobody} info@x" in shown
    assert "ana@x" not in browser.get(url).content.decode()
    entry = sequenced()[-1]
    assert (entry.action, entry.actor) == ("tokens.resolved", str(amir.public_id))
    assert entry.content["facts"]["reason"] == "A returned payment"
    # A GET asks for nothing, whatever stands in the address.
    assert "info@x" not in browser.get(url, asked).content.decode()
    assert Detokenization.objects.count() == 1


def test_what_is_missing_or_too_much_is_said_beside_its_field(data: Data, amir, settings):
    browser, url = client_of(amir), f"{HOME}tokens/detokenize/"
    asked = {"domain": "email", "tokens": data.ana, "reason": "x"}
    for change in ({"reason": ""}, {"tokens": " \n "}, {"domain": "absent"}):
        answer = browser.post(url, asked | change)
        assert answer.status_code == 422
        assert "ana@x" not in answer.content.decode()
    settings.VAULT_DETOKENIZE_PER_HOUR = 1
    assert browser.post(url, asked).status_code == 200
    answer = browser.post(url, asked)
    assert (answer.status_code, "ask again in 60 minutes" in text_of(answer)) == (429, True)
    assert 3500 < int(answer["Retry-After"]) <= 3601
    assert "ana@x" not in answer.content.decode()


def test_shredding_takes_two_officers_and_a_typed_word(data: Data, amir, petra, work):
    first, second = client_of(amir), client_of(petra)
    answer = first.post(f"{HOME}shreds/add/", {"category": CATEGORY, "value": "C-1", "reason": "Art. 17"})
    request = ShredRequest.objects.get()
    assert answer["Location"] == request.get_absolute_url() == f"{HOME}shreds/{request.pk}/"
    own = first.get(answer["Location"])
    assert "You proposed this, so somebody else has to approve it" in text_of(own)
    assert 'name="typed"' not in own.content.decode()
    assert "C-1" not in own.content.decode()

    page = second.get(request.get_absolute_url()).content.decode()
    assert "2 tokens and 2 keys of this person are destroyed." in re.sub(
        r"\s+", " ", re.sub("<[^>]*>", "", page)
    )
    seen = re.search(r'name="fingerprint" value="(\w{64})"', page)[1]
    url = f"{request.get_absolute_url()}approve/"
    form = {"typed": request.reference, "fingerprint": seen}
    assert second.post(url, form | {"typed": "SHRED"}).status_code == 422
    refused = first.post(url, form)
    assert (refused.status_code, "You proposed this" in text_of(refused)) == (409, True)
    assert second.post(url, form | {"fingerprint": "0" * 64}).status_code == 409
    assert work() == []
    assert second.post(url, form)["Location"] == request.get_absolute_url()
    assert 'hx-trigger="every 1s"' in second.get(request.get_absolute_url()).content.decode()
    assert [job.state for job in work()] == ["done"]
    assert (
        "2 tokens and 2 keys were destroyed. Of this person the vault has now: 0 tokens, 0 keys."
        in text_of(second.get(request.get_absolute_url()))
    )
    assert Token.objects.count() == 2
    assert second.post(url, form).status_code == 409


def test_a_proposal_can_be_withdrawn_or_rejected_with_a_reason(data: Data, amir, petra):
    browser = client_of(amir)
    assert (
        browser.post(f"{HOME}shreds/add/", {"category": CATEGORY, "value": "c-9", "reason": "x"}).status_code
        == 422
    )
    browser.post(f"{HOME}shreds/add/", {"category": CATEGORY, "value": "c-1", "reason": "x"})
    request = ShredRequest.objects.get()
    url = f"{request.get_absolute_url()}reject/"
    assert client_of(petra).post(url, {"reason": ""}).status_code == 422
    client_of(petra).post(url, {"reason": "Another person was meant"})
    assert "Rejected: Another person was meant" in text_of(browser.get(request.get_absolute_url()))
    assert browser.post(url, {"reason": "again"}).status_code == 409
    assert browser.post(f"{request.get_absolute_url()}resume/").status_code == 409


def test_versions_never_show_what_they_hold(data: Data, amir):
    browser = client_of(amir)
    for key in Key.objects.all():
        page = browser.get(key.get_absolute_url()).content
        for version in KeyVersion.objects.filter(key=key):
            assert bytes(version.wrapped).hex() not in page.decode()
            assert bytes(version.wrapped) not in page
