"""What the variables of a letter stand for, in its language."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from erasure.models import SubjectRequest
from erasure.requests import status
from erasure.requests.letters.wording import phrases
from erasure.requests.regimes import regimes
from governance.activities.models import Organisation

PAGES = {
    "verify_identity": "public:confirm",
    "verify_by_code": "public:code",
    "remind_identity": "public:confirm",
    "confirm_agent": "public:confirm",
    "package_ready": "public:package",
    "package_for_controller": "public:package",
}
# Outcomes that say something else than what the right usually ends in.
OUTCOMES = {
    "no data found": "nothing",
    "nothing to rectify": "nothing_to_rectify",
    "restriction lifted": "restriction_lifted",
}


class Ground:
    """What letters about these requests say that is not in the requests themselves, read once for all of them."""

    def __init__(self, requests: Sequence[SubjectRequest]) -> None:
        self.organisation = Organisation.objects.first()
        these = SubjectRequest.objects.filter(pk__in=[request.pk for request in requests])
        self.told = set(these.filter(tasks__recipient__isnull=False).values_list("pk", flat=True))
        self.excepted: dict[int, list[str]] = {}
        excepted = these.filter(exemptions__isnull=False, exemptions__withdrawn_at=None).distinct()
        for request in excepted.prefetch_related("exemptions"):
            self.excepted[request.pk] = [
                each.said for each in request.exemptions.all() if not each.withdrawn_at
            ]

    def values_for(
        self, request: SubjectRequest, kind: str, language: str, context: Mapping[str, Any]
    ) -> dict[str, str]:
        """By name. `context`: what the caller knows of this letter; texts go in as they are, dates as people write
        them, `secret` becomes the link of the kind; `held` are steps whose rows a hold keeps; `recipients` are names.
        """
        words = phrases(language)
        other = words["other"]
        name = self.organisation.name if self.organisation else ""
        law = regimes().get(request.regime)
        values = {
            "reference": request.reference,
            "organisation": name or other["us"],
            "asks": words["asks"][request.kind],
            "due": written(request.due_on, language),
            "status_link": address("public:status", status.token_of(request)),
            "authority": law.authority if law and law.authority else other["authority"],
            "appeal": other["appeal"] if law and law.appeal and not request.appeal else "",
            "done": _done(request, words),
            "held": _held(context.get("held", ()), self.excepted.get(request.pk, ()), other),
            "told": other["told"] if request.pk in self.told else "",
        }
        for name, value in context.items():
            if isinstance(value, date | datetime):
                values[name] = written(value, language)
            elif isinstance(value, str):
                values[name] = value
        if "secret" in context:
            values["link"] = address(PAGES[kind], context["secret"])
        for name in ("recipients", "upheld"):
            if name in context:
                values[name] = "\n".join(f"- {each}" for each in context[name])
        if "overridden" in context:
            lines = [f"- {each.purpose}: {each.reason}" for each in context["overridden"]]
            values["overridden"] = "\n".join([other["overridden"], *lines]) if lines else ""
        return values


def signature() -> str:
    """Under every letter: who answers for data protection here."""
    organisation = Organisation.objects.first()
    if organisation is None or not organisation.officer_name:
        return ""
    return f"{organisation.officer_name}\n{organisation.officer_contact}".strip()


def written(moment: date | datetime, language: str) -> str:
    day = timezone.localdate(moment) if isinstance(moment, datetime) else moment
    with translation.override("en-gb" if language == "en" else language):
        return date_format(day, "DATE_FORMAT")


def address(name: str, *arguments: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=arguments)}"


def _held(steps: Iterable[Any], excepted: Iterable[str], words: Mapping[str, str]) -> str:
    """What the law obliges or allows us to keep: under a hold, or under an exception for this request alone."""
    lines = [f"- {step.hold.reason}" for step in steps if step.hold]
    lines += [f"- {said}" for said in excepted]
    return "\n".join([words["held"], *dict.fromkeys(lines), words["held_end"]]) if lines else ""


def _done(request: SubjectRequest, words: Mapping[str, Mapping[str, str]]) -> str:
    for outcome, phrase in OUTCOMES.items():
        if request.outcome.startswith(outcome):
            return words["other"][phrase]
    return words["done"][request.kind]
