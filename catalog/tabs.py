from typing import Any

from django.urls import reverse

LISTS = (("columns", "Columns"), ("data_sets", "Data sets"), ("links", "Links"), ("changes", "Changes"))


def catalog_tabs(current: str) -> list[dict[str, Any]]:
    """The lists of the catalog, for `ui/tabs.html`."""
    return [
        {"label": label, "url": reverse(f"catalog:{name}"), "current": name == current}
        for name, label in LISTS
    ]
