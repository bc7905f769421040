"""Tasks sent by webhook, and the answers that come back: signed, retried, taken once."""

import base64
import json
import time
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from erasure.custodians import connecting
from erasure.custodians.models import Callback, Delivery, Task, Webhook
from erasure.custodians.posting import NotSent, post, require_safe_url, resolve
from erasure.custodians.sending import LEASE, WAITS, send_again, send_due
from erasure.custodians.signing import Forged, new_secret, signed, verify
from examples import task_receiver
from tests.erasure.custodians.conftest import carried_out, checked, drafted
from tests.erasure.estate import entries
from tests.people import api_of, client_of

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def call_back(sam, answer):
    path, body, headers = answer
    return sam.post(path, body, content_type="application/json", headers=headers)


@pytest.fixture
def sent(hooked, task) -> Task:
    assert send_due() == (1, 0)
    task.refresh_from_db()
    return task


def test_signature_is_that_of_the_specification():
    """The test vector of the Standard Webhooks specification."""
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', secret=SECRET, at=1614265330)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verify(headers, b'{"test": 2432232314}', secret=SECRET, now=1614265400) == (
        "msg_p5jXN8AQM9LWM0D4loKWxJek"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-id": "m" * 121},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1,ÿ"},
        {"webhook-signature": ""},
    ],
)
def test_anything_changed_is_forged(changed):
    headers = signed("msg_1", b"{}", secret=SECRET, at=1614265330) | changed
    with pytest.raises(Forged):
        verify(headers, b"{}", secret=SECRET, now=1614265330)


def test_another_body_another_secret_or_another_time_is_forged():
    headers = signed("msg_1", b"{}", secret=SECRET, at=1614265330)
    for body, secret, now in (
        (b"{} ", SECRET, 1614265330),
        (b"{}", new_secret(), 1614265330),
        (b"{}", SECRET, 1614265330 + 301),
        (b"{}", SECRET, 1614265330 - 301),
    ):
        with pytest.raises(Forged):
            verify(headers, body, secret=secret, now=now)


def test_task_goes_to_the_system_and_its_answer_closes_it(hooked, sent, sam, crm):
    assert hooked.forged == 0
    assert list(hooked.tasks) == [str(sent.public_id)]
    data = hooked.tasks[str(sent.public_id)]["data"]
    assert data["identifiers"] == [{"category": "contact.email", "value": "ana@example.org"}]
    assert (data["right"], data["to"], data["data_sets"]) == ("erasure", "crm", ["contacts"])
    assert sent.told_at is not None
    assert [(each.status, each.problem) for each in Delivery.objects.all()] == [(202, "")]
    assert checked(sent.step).waits_for == "The confirmation of the custodian of crm"

    answer = call_back(sam, hooked.erase(str(sent.public_id)))

    assert (answer.status_code, answer.json()) == (200, {"task": str(sent.public_id), "state": "done"})
    assert hooked.people == {"bo@example.org"}
    outcome = checked(sent.step)
    assert (outcome.left, outcome.facts["answer"], outcome.facts["way"]) == (0, "done", "webhook")
    sent.refresh_from_db()
    assert sent.note == "Deleted by the nightly job."
    (entry,) = entries("task.confirmed")
    assert entry == {"state": "done", "way": "webhook", "evidence": []}
    sent.step.refresh_from_db()
    assert sent.step.check_at <= timezone.now()


def test_identifiers_are_in_the_signed_body_alone(hooked, sent):
    (headers, _), *_ = hooked.got
    assert "ana" not in str(headers)
    assert not any("ana@example.org" in str(facts) for facts in entries("task.given") + entries("task.sent"))
    assert "ana@example.org" not in str([vars(each) for each in Delivery.objects.all()])
    assert bytes(Webhook.objects.get().sealed_secret).find(hooked.secret.encode()) == -1


def test_second_answer_changes_nothing_and_another_one_is_refused(hooked, sent, sam):
    public_id = str(sent.public_id)
    assert call_back(sam, hooked.erase(public_id)).status_code == 200
    again = call_back(sam, hooked.answer(public_id, state="done"))
    assert (again.status_code, again.json()["state"]) == (200, "done")
    other = call_back(sam, hooked.answer(public_id, state="refused", exemption="e", note="Claims."))
    assert other.status_code == 409
    assert "was answered before: done" in other.json()["detail"]
    assert len(entries("task.confirmed")) == 1
    assert Task.objects.get().state == "done"


def test_replayed_message_is_refused(hooked, sent, sam):
    later = (timezone.localdate() + timedelta(days=5)).isoformat()
    message = hooked.answer(str(sent.public_id), state="needs time", until=later, note="Nightly job.")
    assert call_back(sam, message).status_code == 200
    assert call_back(sam, hooked.erase(str(sent.public_id))).status_code == 200
    replayed = call_back(sam, message)
    assert (replayed.status_code, replayed.json()) == (409, {"detail": "This message was taken before."})
    assert Task.objects.get().state == "done"
    assert Callback.objects.count() == 2


def test_forged_messages_are_refused_and_change_nothing(hooked, sent, sam, crm):
    public_id = str(sent.public_id)
    path, body, headers = hooked.answer(public_id, state="done")
    stale = hooked.sign("msg_old", body, at=time.time() - 600)
    other = (path, json.dumps({"token": "x" * 50, "state": "done"}).encode())
    tries = [
        (path, body, {}),
        (path, body, headers | {"webhook-signature": "v1,AAAA"}),
        (path, body + b" ", headers),
        (path, body, stale),
        (*other, hooked.sign("msg_token", other[1])),
        (path.replace(public_id, "00000000-0000-0000-0000-000000000000"), body, headers),
    ]
    for each in tries:
        refused = call_back(sam, each)
        assert (refused.status_code, refused.json()) == (
            403,
            {"detail": "Not a genuine answer to a task of ours."},
        )
    assert Task.objects.get().state == "asked"
    assert not Callback.objects.exists()


def test_what_we_sent_cannot_be_sent_back_as_an_answer(hooked, sent, sam):
    (headers, body), *_ = hooked.got
    signature = {name: value for name, value in headers.items() if name.startswith("webhook-")}
    assert call_back(sam, (f"/tasks/callback/{sent.public_id}/", body, signature)).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        {"state": "gone"},
        {"state": "refused", "note": "Because."},
        {"state": "needs time", "until": "soon"},
        {"state": "needs time", "until": "2001-01-01"},
        {"state": "done", "note": "x" * 1001},
        {"state": "done\x00"},
        {"state": "done", "note": "\x00"},
    ],
)
def test_genuine_answer_that_cannot_be_read_is_422_and_may_be_corrected(hooked, sent, sam, said):
    assert call_back(sam, hooked.answer(str(sent.public_id), **said)).status_code == 422
    assert Task.objects.get().state == "asked"
    assert call_back(sam, hooked.erase(str(sent.public_id))).status_code == 200


def test_refusal_names_the_exception_and_officers_are_told(
    hooked, sent, sam, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = hooked.answer(str(sent.public_id), state="refused", exemption="b", note="Tax law.")
        assert call_back(sam, answer).status_code == 200
    assert checked(sent.step).facts["exemption"] == "b"
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["amir@console.example"], f"Refused: {sent.request.reference} in crm")
    ]
    assert "ana" not in mail.outbox[0].body


def test_receiver_that_is_down_is_asked_again_for_days_under_the_same_id(
    hooked, task, django_capture_on_commit_callbacks
):
    hooked.statuses = [500] * len(WAITS) + [503]
    waits = []
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(len(WAITS) + 1):
            Task.objects.update(next_try_at=timezone.now())
            assert send_due() == (0, 1)
            task.refresh_from_db()
            if task.next_try_at:
                waits.append(task.next_try_at - timezone.now())
    assert [round(wait.total_seconds() / 60) for wait in waits] == [
        round(wait.total_seconds() / 60) for wait in WAITS
    ]
    assert sum(WAITS, timedelta()) > timedelta(days=6)
    assert {headers["webhook-id"] for headers, _ in hooked.got} == {str(task.public_id)}
    assert Delivery.objects.count() == len(WAITS) + 1
    assert (task.next_try_at, task.state) == (None, "asked")
    assert [message.to for message in mail.outbox] == [["carl@console.example"]]  # now a person is erasing
    assert [facts["attempts"] for facts in entries("task.not_sent")] == [len(WAITS) + 1]

    send_again(task)
    assert send_due() == (1, 0)
    assert list(hooked.tasks) == [str(task.public_id)]


def test_task_taken_by_a_worker_that_died_is_sent_after_its_lease(hooked, task):
    Task.objects.update(next_try_at=timezone.now() + LEASE)
    assert send_due() == (0, 0)
    Task.objects.update(next_try_at=timezone.now())
    assert send_due() == (1, 0)


def test_redirects_are_not_followed(hooked, task):
    hooked.statuses, hooked.location = [302], hooked.url
    assert send_due() == (0, 1)
    assert len(hooked.got) == 1
    assert Delivery.objects.get().problem.startswith("The receiver sends us elsewhere (302)")


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.org/hook",
        "https://user:password@crm.example.org/hook",
        "ftp://crm.example.org/",
        "https://",
        "https://crm.example.org:0/",
        "https://crm.example.org:99999/",
        "https://crm.example.org/\nHost: x",
        "javascript:alert(1)",
    ],
)
def test_unsafe_addresses_are_refused(url):
    with pytest.raises(NotSent):
        require_safe_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "2130706433",
        "nothing.invalid",
    ],
)
def test_private_addresses_are_refused(host, settings):
    settings.WEBHOOK_NETWORKS = []
    with pytest.raises(NotSent):
        resolve(require_safe_url(f"https://{host}/hook"))


def test_private_network_can_be_allowed(settings):
    settings.WEBHOOK_NETWORKS = [ip_network("10.0.0.0/8")]
    assert str(resolve(require_safe_url("https://10.1.2.3/hook"))) == "10.1.2.3"
    with pytest.raises(NotSent):
        resolve(require_safe_url("https://192.168.1.1/hook"))


def test_answer_without_an_end_is_not_read(receiver):
    class Endless(type(receiver.RequestHandlerClass)):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b"x" * 4096)

    handler = type("Endless", (receiver.RequestHandlerClass,), {"do_POST": do_POST})
    receiver.RequestHandlerClass = handler
    with pytest.raises(NotSent, match="too long"):
        post(receiver.url, b"{}", {})


def test_webhook_is_set_tested_and_removed_on_its_page(crm, receiver, emil, vera):
    browser, url = client_of(emil), f"/tasks/systems/{crm.pk}/webhook/"
    refused = browser.post(url, {"url": "http://crm.example.org/hook"})
    assert refused.status_code == 422
    assert "Use https" in refused.content.decode()

    shown = browser.post(url, {"url": receiver.url}).content.decode()
    receiver.secret = "whsec_" + shown.partition("<code>whsec_")[2].partition("</code>")[0]
    assert "whsec_" not in browser.get(url).content.decode()
    browser.post(f"{url}test/")
    assert receiver.forged == 0
    assert json.loads(receiver.got[-1][1])["type"] == "test"
    assert Webhook.objects.get().problem == ""

    receiver.statuses = [500]
    browser.post(f"{url}test/")
    assert Webhook.objects.get().problem == "The receiver answered 500."
    assert [facts["answered"] for facts in entries("webhook.tested")] == [True, False]
    assert client_of(vera).post(url, {"url": receiver.url}).status_code == 403
    browser.post(f"{url}remove/")
    assert not Webhook.objects.exists()


def test_webhook_over_the_api(crm, receiver, emil):
    api, url = api_of(emil), f"/api/v1/systems/{crm.pk}/webhook/"
    assert api.get(url).status_code == 404
    assert api.put(url, {"url": "http://10.0.0.1/"}, format="json").status_code == 400
    receiver.secret = api.put(url, {"url": receiver.url}, format="json").json()["secret"]
    assert api.get(url).json()["secret"] == ""
    assert api.post(url).json() == {"problem": ""}
    assert receiver.forged == 0
    assert api.delete(url).status_code == 204


def test_new_secret_ends_the_old_one(hooked, sent, sam, crm):
    answer = hooked.answer(str(sent.public_id), state="done")
    connecting.set_webhook(crm, hooked.url)
    assert call_back(sam, answer).status_code == 403


def test_address_that_cannot_be_used_is_not_stored(crm, settings):
    settings.WEBHOOK_NETWORKS = []
    with pytest.raises(ValidationError, match="inside a private network"):
        connecting.set_webhook(crm, "https://127.0.0.1/hook")
    assert not Webhook.objects.exists()


def test_webhook_removed_meanwhile_leaves_the_task_to_a_person(hooked, task, crm):
    connecting.remove_webhook(Webhook.objects.get())
    assert send_due() == (1, 0)
    assert [message.to for message in mail.outbox] == [["carl@console.example"]]
    assert send_due() == (0, 0)


def test_two_plans_of_one_request_are_one_task(hooked, sent, plan, erasing):
    plan.state = plan.State.STOPPED
    plan.save()
    later = type(plan).objects.create(request=erasing, number=2, state="executing", fingerprint="e" * 64)
    (step,) = drafted(later, "ask_custodian")
    assert carried_out(step).left == 1
    assert Task.objects.get().step == step
    assert send_due() == (0, 0)


def test_example_receiver_understands_us_and_we_it(monkeypatch):
    monkeypatch.setattr(task_receiver, "KEY", base64.b64decode(SECRET.removeprefix("whsec_")))
    headers, body = signed("msg_1", b"{}", secret=SECRET), b"{}"
    assert task_receiver.is_genuine(headers, body)
    assert not task_receiver.is_genuine(headers, b"{ }")
    assert not task_receiver.is_genuine(signed("msg_1", body, secret=SECRET, at=1), body)
    now = str(int(time.time()))
    answered = {
        "webhook-id": "msg_2",
        "webhook-timestamp": now,
        "webhook-signature": task_receiver.signature("msg_2", now, body),
    }
    assert verify(answered, body, secret=SECRET) == "msg_2"
