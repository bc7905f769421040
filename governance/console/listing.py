"""The one list of the console: filters, sorting, pages, CSV and bulk actions; the URL is its state.

return listing(
    request, System.objects.all(), filterset=SystemFilter, title="Systems",
    columns=[ListColumn("name", "Name", sort=True, link=System.get_absolute_url),
             ListColumn("columns", "Columns", value="column_count", sort="column_count", numeric=True)],
    empty=Empty("No systems yet", "Connect the first store.", "Connect", "/systems/new/"),
)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django_htmx.http import push_url

from governance.console.exporting import csv_response
from governance.console.filtering import Chip, chips, filter_errors, query_string
from governance.console.pages import page, wants_part

PART = "ui/list_page.html#list"
ROW = "ui/list_page.html#row"


@dataclass(frozen=True, slots=True)
class ListColumn:
    """One column. `value` is an attribute path ("system.name") or a callable on the object; else `key` is.

    `sort` is the field(s) to order by, or True for `key`. `template` is included with `object` and `value`.
    `link` gives the URL that the cell leads to, or None. `wraps`: a long text may take more lines; all else
    stays on one. `on_page=False`: only the file has it.
    """

    key: str
    title: str
    sort: str | Sequence[str] | bool | None = None
    numeric: bool = False
    template: str | None = None
    value: Callable[[Any], Any] | str | None = None
    link: Callable[[Any], str | None] | None = None
    wraps: bool = False
    on_page: bool = True

    def read(self, item: Any) -> Any:
        if callable(self.value):
            return self.value(item)
        for name in (self.value or self.key).replace("__", ".").split("."):
            item = getattr(item, name, None)
            if callable(item) and not isinstance(item, type):
                item = item()
        return item

    @property
    def ordering(self) -> tuple[str, ...]:
        if not self.sort:
            return ()
        if self.sort is True:
            return (self.key,)
        return (self.sort,) if isinstance(self.sort, str) else tuple(self.sort)


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says: what will stand here, and the next step."""

    title: str
    text: str = ""
    action: str = ""
    url: str = ""
    icon: str = "inbox"


@dataclass(frozen=True, slots=True)
class Bulk:
    """Actions on many rows: `actions` are (value, label) pairs, posted as `action` to `url` with `ids`.

    `template` adds controls (say, a choice of sensitivity) after the buttons; `keys` gives an action its letter on the
    keyboard. The receiver calls `chosen`.
    """

    url: str
    actions: Sequence[tuple[str, str]]
    template: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def buttons(self) -> list[tuple[str, str, str]]:
        """Value, label and key of each action."""
        return [(value, label, self.keys.get(value, "")) for value, label in self.actions]


@dataclass(frozen=True, slots=True)
class Cell:
    column: ListColumn
    value: Any
    url: str | None


@dataclass(frozen=True, slots=True)
class Row:
    item: Any
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Header:
    column: ListColumn
    query: str  # what the header links to; empty = not sortable
    direction: str  # "ascending", "descending" or "" as aria-sort


@dataclass(frozen=True, slots=True)
class Listing:
    """All that `ui/list_page.html` shows."""

    title: str
    path: str
    filters: Any
    errors: list[str]
    chips: list[Chip]
    headers: list[Header]
    rows: list[Row]
    page: Page
    sort: str
    query: str
    empty: Empty
    bulk: Bulk | None

    @property
    def columns_across(self) -> int:
        return len(self.headers) + (1 if self.bulk else 0)


def listing(
    request: HttpRequest,
    queryset: QuerySet,
    *,
    filterset: type[django_filters.FilterSet],
    columns: Sequence[ListColumn],
    title: str,
    empty: Empty,
    template: str = "ui/list_page.html",
    per_page: int = 50,
    context: Mapping[str, Any] | None = None,
    bulk: Bulk | None = None,
) -> HttpResponseBase:
    """The rows of `queryset` that the URL asks for: a page, for htmx the table alone, or `?format=csv`.

    `template` extends `ui/list_page.html`. A filter value or sort that cannot be read answers 400 with the
    reason and no rows. The caller selects related rows, so that a page costs a fixed number of queries.
    """
    filtered = filterset(request.GET, queryset=queryset, request=request)
    sort = request.GET.get("sort", "")
    errors = filter_errors(filtered) + _sort_errors(sort, columns)
    rows = filtered.queryset.none() if errors else _ordered(filtered.qs, sort, columns)

    if request.GET.get("format") == "csv":
        if errors:
            return HttpResponse("\n".join(errors), status=400, content_type="text/plain; charset=utf-8")
        read = ([column.read(item) for column in columns] for item in rows.iterator(chunk_size=2_000))
        return csv_response(title, header=[column.title for column in columns], rows=read)

    current = Paginator(rows, per_page).get_page(request.GET.get("page"))
    query = query_string(request.GET)
    shown = Listing(
        title=title,
        path=request.path,
        filters=filtered.form,
        errors=errors,
        chips=[] if errors else chips(filtered, request.GET),
        headers=list(_headers(columns, sort, request.GET)),
        rows=[_row(item, columns) for item in current],
        page=current,
        sort=sort,
        query=query,
        empty=empty,
        bulk=bulk,
    )
    name = PART if wants_part(request) else template
    status = 400 if errors else 200
    response = page(request, name, {**(context or {}), "title": title, "listing": shown}, status=status)
    return push_url(response, f"{request.path}{query}") if wants_part(request) else response


def listing_row(
    request: HttpRequest, item: Model, *, columns: Sequence[ListColumn], bulk: Bulk | None = None
) -> HttpResponse:
    """One row again, after an action on it alone: swap it into `#row-<pk>` with `outerHTML`."""
    return page(request, ROW, {"row": _row(item, columns), "bulk": bulk})


def chosen(
    request: HttpRequest, queryset: QuerySet, *, filterset: type[django_filters.FilterSet]
) -> QuerySet:
    """The rows a bulk form was posted for: the ticked `ids`, or with `all` every row that its filters match.

    Nothing ticked, an id that is not one, or a filter that cannot be read give no rows.
    """
    if request.POST.get("all"):
        filtered = filterset(
            QueryDict(request.POST.get("query", "").lstrip("?")), queryset=queryset, request=request
        )
        return filtered.qs if filtered.is_valid() else queryset.none()
    ids = request.POST.getlist("ids")
    field = queryset.model._meta.pk
    try:
        return queryset.filter(pk__in=[field.to_python(value) for value in ids])
    except (ValueError, ValidationError):
        return queryset.none()


def _row(item: Any, columns: Sequence[ListColumn]) -> Row:
    shown = (column for column in columns if column.on_page)
    return Row(item, [Cell(c, c.read(item), c.link(item) if c.link else None) for c in shown])


def _sort_errors(sort: str, columns: Sequence[ListColumn]) -> list[str]:
    sortable = [column.key for column in columns if column.ordering]
    if not sort or sort.removeprefix("-") in sortable:
        return []
    return [
        f"The list cannot be sorted by “{sort.removeprefix('-')[:40]}”; it can be by: {', '.join(sortable)}."
    ]


def _ordered(rows: QuerySet, sort: str, columns: Sequence[ListColumn]) -> QuerySet:
    """In the order asked for. The key comes last, so that no row is on two pages or on none."""
    fields = next((c.ordering for c in columns if sort and c.key == sort.removeprefix("-")), ())
    if fields:
        return rows.order_by(*(_reversed(f) if sort.startswith("-") else f for f in fields), "pk")
    return rows if rows.ordered else rows.order_by("pk")


def _reversed(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _headers(columns: Sequence[ListColumn], sort: str, query: QueryDict) -> Iterator[Header]:
    for column in columns:
        if not column.on_page:
            continue
        if not column.ordering:
            yield Header(column, "", "")
            continue
        direction = {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, "")
        turned = f"-{column.key}" if direction == "ascending" else column.key
        yield Header(column, query_string(query, sort=turned, page=None), direction)
