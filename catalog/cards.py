"""The catalog's cards on the overview."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from catalog.classification.vocabulary import Sensitivity
from catalog.models import Column, System
from governance.console.pages import page
from governance.console.permissions import allow

SHOWN = 5


@allow("systems.view")
def card_systems(request: HttpRequest) -> HttpResponse:
    systems = System.objects.order_by("-problem", "name")
    context = {
        "title": "Systems",
        "url": reverse("catalog:systems"),
        "figure": systems.count(),
        "figure_label": "connected",
        "systems": systems[:SHOWN],
    }
    return page(request, "catalog/card_systems.html", context)


@allow("catalog.view")
def card_review(request: HttpRequest) -> HttpResponse:
    """How many columns wait, and where most of them are; once none does, what kind of data all of them hold."""
    waiting = Q(state=Column.State.UNREVIEWED) | Q(questioned=True)
    rows = Column.objects.filter(waiting, gone_at=None)
    figure = rows.count()
    known = Column.objects.filter(gone_at=None).order_by().values_list("sensitivity")
    counts = {} if figure else dict(known.annotate(count=Count("pk")))
    by_data_set = rows.values("data_set", "data_set__name", "data_set__system__name")
    context = {
        "title": "Review",
        "url": f"{reverse('catalog:columns')}?state=unreviewed",
        "figure": figure,
        "figure_label": "columns to review",
        "sensitivities": [(kind.value, kind.title, counts[kind]) for kind in Sensitivity if kind in counts],
        "questioned": rows.filter(questioned=True).count(),
        "data_sets": by_data_set.annotate(count=Count("pk")).order_by("-count", "data_set")[:SHOWN],
    }
    return page(request, "catalog/card_review.html", context)
