"""Training sets, their versions, and the queue of models to be retrained."""

from django.core.exceptions import ValidationError
from django.db.models import Count, Max
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from erasure.training import registering
from erasure.training.filters import TrainedModelFilter, TrainingSetFilter
from erasure.training.forms import TrainingSetForm
from erasure.training.models import TrainedModel, TrainingSet
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.policies.tabs import retention_tabs

COLUMNS = [
    ListColumn("name", "Training set", sort=True, link=TrainingSet.get_absolute_url, wraps=True),
    ListColumn("category", "Persons told apart by", value="get_category_display", sort=True),
    ListColumn("purpose", "Purpose", wraps=True),
    ListColumn("latest", "Latest version", sort=True, numeric=True),
    ListColumn("excluded", "Excluded since", sort=True, numeric=True),
]
MODEL_COLUMNS = [
    ListColumn("name", "Model", sort=True, wraps=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn(
        "version",
        "Trained on",
        link=lambda model: model.version.training_set.get_absolute_url(),
        sort=("version__training_set__name", "version__number"),
        wraps=True,
    ),
    ListColumn("trained_at", "Trained", sort=True),
    ListColumn("retrain_since", "Waits since", sort=True),
    ListColumn("retrain_because", "Because of", wraps=True),
]


@allow("training.view")
def list_sets(request: StaffRequest) -> HttpResponseBase:
    add = reverse("training:set_add") if request.user.may("training.manage") else ""
    sets = TrainingSet.objects.annotate(
        latest=Max("versions__number"), excluded=Count("versions__exclusions", distinct=True)
    )
    return listing(
        request,
        sets,
        filterset=TrainingSetFilter,
        columns=COLUMNS,
        title="Training sets",
        template="training/sets.html",
        context={
            "add_url": add,
            "models_url": reverse("training:models"),
            "waiting": TrainedModel.objects.filter(replaced_at=None, retrain_since__isnull=False).count(),
            "tabs": retention_tabs(request.user, "training:sets"),
        },
        empty=Empty(
            "No training sets",
            "What models are trained on stands here: who is in it, on what consent, and who must not be any more.",
            "Add a training set" if add else "",
            add,
            icon="brain",
        ),
    )


@allow("training.manage")
def set_add(request: StaffRequest) -> HttpResponse:
    form = TrainingSetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(registering.add_set(**form.cleaned_data, by=request.user))
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error(field, problems)
    context = {"title": "Add a training set", "form": form}
    return page(request, "training/set_add.html", context, status=422 if form.errors else 200)


@allow("training.view")
def training_set(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(TrainingSet.objects.select_related("made_by"), pk=pk)
    versions = found.versions.annotate(many_excluded=Count("exclusions")).select_related("made_by")
    models = TrainedModel.objects.filter(version__training_set=found).select_related("version__training_set")
    context = {
        "title": found.name,
        "training_set": found,
        "versions": versions,
        "models": models,
        "facts": [
            ("Persons are told apart by", found.get_category_display()),
            ("Purpose", found.purpose),
            ("Added by", found.made_by and found.made_by.display_name),
            ("Added", found.made_at),
        ],
    }
    return page(request, "training/set.html", context)


@allow("training.view")
def list_models(request: StaffRequest) -> HttpResponseBase:
    """The retraining queue first: those that wait longest on top."""
    return listing(
        request,
        TrainedModel.objects.select_related("version__training_set"),
        filterset=TrainedModelFilter,
        columns=MODEL_COLUMNS,
        title="Models",
        template="training/models.html",
        context={"tabs": retention_tabs(request.user, "training:sets")},
        empty=Empty(
            "No models",
            "A training job says which version it trains on; the models to be retrained stand here first.",
            icon="brain",
        ),
    )
