"""People and what they may do, and one's own account with its API tokens."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from governance.console import people, tokens
from governance.console.filters import PersonFilter
from governance.console.forms import AccessForm, PersonForm, TokenForm
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.models import ApiToken, User
from governance.console.pages import page
from governance.console.permissions import allow

PEOPLE = [
    ListColumn(
        "name",
        "Name",
        value="display_name",
        sort=("first_name", "last_name", "username"),
        link=lambda user: reverse("console:person", args=[user.pk]),
        wraps=True,
    ),
    ListColumn("username", "Signs in as", sort=True, wraps=True),
    ListColumn("role", "Role", value="get_role_display", sort="role"),
    ListColumn(
        "active",
        "State",
        value=lambda user: "active" if user.is_active else "closed",
        template="ui/state.html",
    ),
    ListColumn("last_login", "Last sign-in", sort=True),
]


@allow("people.manage")
def list_people(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        User.objects.all(),
        filterset=PersonFilter,
        columns=PEOPLE,
        title="People",
        template="console/people.html",
        empty=Empty("No people", icon="users"),
    )


@allow("people.manage")
def add_person(request: StaffRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("console:person", people.add(form.save(commit=False)).pk)
    return page(request, "console/person_add.html", {"form": form}, status=422 if form.errors else 200)


@allow("people.manage")
def person(request: StaffRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    form = AccessForm(request.POST or None, initial={"role": user.role, "active": user.is_active})
    if request.method == "POST" and form.is_valid():
        try:
            people.change(
                user, role=form.cleaned_data["role"], active=form.cleaned_data["active"], by=request.user
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{user.display_name}: saved.")
            return redirect("console:person", user.pk)
    return page(
        request, "console/person.html", {"person": user, "form": form}, status=422 if form.errors else 200
    )


@allow("people.manage")
@require_POST
@never_cache
def issue_link(request: StaffRequest, pk: int) -> HttpResponse:
    """Shown once: whoever has the link can choose this person's password."""
    user = get_object_or_404(User, pk=pk, is_active=True)
    link = request.build_absolute_uri(people.password_link(user))
    return page(request, "console/person_link.html", {"person": user, "link": link})


@allow("account.manage")
@never_cache
def account(request: StaffRequest) -> HttpResponse:
    """One's own tokens; a new one's secret stands on the answer to the form and nowhere else."""
    form = TokenForm(request.POST or None, user=request.user)
    context = {"form": form, "tokens": request.user.tokens.all()}
    if request.method == "POST" and form.is_valid():
        token, secret = tokens.issue(request.user, **form.cleaned_data)
        context |= {"form": TokenForm(user=request.user), "token": token, "secret": secret}
    return page(request, "console/account.html", context, status=422 if form.errors else 200)


@allow("account.manage")
@require_POST
def revoke_token(request: StaffRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, user=request.user)
    if tokens.revoke(token):
        messages.success(request, f"The token {token.name} is revoked.")
    return redirect("console:account")
