from typing import Any

from django.urls import reverse

from catalog.models import DataSet

LISTS = (
    ("columns", "Columns"),
    ("data_sets", "Data sets"),
    ("links", "Links"),
    ("changes", "Changes"),
    ("contracts", "Contracts"),
    ("lineage", "Lineage"),
    ("where_is", "Where is my data?"),
    ("transfers", "Transfers"),
)


def catalog_tabs(current: str) -> list[dict[str, Any]]:
    """The lists of the catalog, for `ui/tabs.html`."""
    return [
        {"label": label, "url": reverse(f"catalog:{name}"), "current": name == current}
        for name, label in LISTS
    ]


def data_set_tabs(data_set: DataSet, current: str) -> list[dict[str, Any]]:
    """The pages of one data set, for `ui/tabs.html`."""
    pages = (("data_set", "Overview"), ("data_set_lineage", "Lineage"), ("data_set_contracts", "Contracts"))
    return [
        {"label": label, "url": reverse(f"catalog:{name}", args=[data_set.pk]), "current": name == current}
        for name, label in pages
    ]
