"""The doors to a package: its button, and the file under an address that lives for an hour."""

from django.http import HttpRequest, HttpResponseBase

from audit.ledger.context import Actor, acting
from erasure.delivering import as_download
from erasure.packages import fetching
from erasure.public.pages import gone, onwards, page, with_secret
from erasure.requests.states import NotNow


@with_secret
def package(request: HttpRequest, secret: str) -> HttpResponseBase:
    link = fetching.link_for(secret)
    if link is None:
        return gone(request)
    if request.method != "POST":
        about = link.package.request
        return page(request, "package", "package.title", about=about, package=link.package, link=link)
    response = onwards(request, "public:package_file", fetching.press(link))
    response.status_code = 303
    return response


@with_secret
def package_file(request: HttpRequest, ticket: str) -> HttpResponseBase:
    link = fetching.link_of_ticket(ticket)
    if link is None:
        return gone(request)
    with acting(Actor("subject", link.package.request.subject)):
        try:
            return as_download(link.package, request, link=link)
        except NotNow:
            return gone(request)
