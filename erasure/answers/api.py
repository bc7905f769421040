"""Previews, corrections, restrictions and objections over REST: the same verbs and permissions as their pages."""

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from audit.ledger.recording import record
from erasure.answers import events, objecting, restricting, stating
from erasure.answers import serializers as shapes
from erasure.answers.models import Correction, Mark, Notice, Objection, Selection
from erasure.answers.noting import change_notice
from erasure.api import Refusing
from erasure.models import Package, SubjectRequest
from erasure.packages import fetching, previewing
from erasure.registry.asking import effects_on, may_be_asked_again
from erasure.serializers import RequestDetailSerializer
from governance.console.api import JobSerializer
from governance.keyring.lookups import lookup_of

NO_STORE = {"Cache-Control": "no-store"}


class OfRequest(Refusing):
    """What belongs to one request, named by its number in the address."""

    queryset = SubjectRequest.objects.all()
    pagination_class = None
    filter_backends: list[Any] = []

    def asked(self) -> SubjectRequest:
        return get_object_or_404(SubjectRequest, pk=self.kwargs["asked"])

    def shown(self, request: SubjectRequest) -> Response:
        request.refresh_from_db()
        return Response(RequestDetailSerializer(request).data)


class PreviewViewSet(OfRequest):
    permissions = dict.fromkeys(("show", "decide", "release"), "requests.handle")
    serializer_class = shapes.PackagePreviewSerializer

    @extend_schema(operation_id="request_preview", responses=shapes.PackagePreviewSerializer)
    def show(self, request: Request, **kwargs: int) -> Response:
        """What the package would hold, the first rows in clear; the ledger records who looked."""
        asked = self.asked()
        preview = previewing.preview_of(asked)
        with transaction.atomic():
            record(events.PREVIEW_READ, asked, subject=asked.subject)
        return Response(shapes.PackagePreviewSerializer(preview).data, headers=NO_STORE)

    @extend_schema(request=shapes.SelectionDecisionSerializer, responses=shapes.SelectionSerializer)
    def decide(self, request: Request, selection: int, **kwargs: int) -> Response:
        """What the package holds of one data set."""
        chosen = get_object_or_404(Selection, pk=selection, preview__request=self.asked())
        previewing.decide(chosen, **self.given(shapes.SelectionDecisionSerializer), by=request.user)  # type: ignore[arg-type]
        return Response(shapes.SelectionSerializer(chosen).data, headers=NO_STORE)

    @extend_schema(request=None, responses={202: JobSerializer})
    def release(self, request: Request, **kwargs: int) -> Response:
        """Release what the preview says; answers with the job that makes the package."""
        job = previewing.release(self.asked(), by=request.user)  # type: ignore[arg-type]
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class PackageLinkViewSet(OfRequest):
    permissions = {"show": "requests.view", **dict.fromkeys(("issue", "transmit"), "requests.handle")}
    serializer_class = shapes.PackageLinkSerializer

    @extend_schema(operation_id="request_links", responses=shapes.PackageLinkSerializer(many=True))
    def show(self, request: Request, **kwargs: int) -> Response:
        """The links to the package, and whether they were used."""
        return self._links(self._package())

    @extend_schema(request=None, responses=shapes.PackageLinkSerializer(many=True))
    def issue(self, request: Request, **kwargs: int) -> Response:
        """Send the person a new link; earlier ones stop working."""
        package = self._package()
        fetching.issue_again(package, by=request.user)  # type: ignore[arg-type]
        return self._links(package)

    @extend_schema(request=shapes.TransmissionSerializer, responses=shapes.PackageLinkSerializer(many=True))
    def transmit(self, request: Request, **kwargs: int) -> Response:
        """Send another controller a link, Art. 20(2)."""
        package = self._package()
        fetching.transmit(package, **self.given(shapes.TransmissionSerializer), by=request.user)  # type: ignore[arg-type]
        return self._links(package)

    def _package(self) -> Package:
        return get_object_or_404(Package.objects.select_related("request"), request=self.asked())

    def _links(self, package: Package) -> Response:
        return Response(shapes.PackageLinkSerializer(package.links.all(), many=True).data)


class CorrectionViewSet(OfRequest):
    permissions = {
        "show": "requests.view",
        **dict.fromkeys(("state", "withdraw", "note"), "requests.handle"),
    }
    serializer_class = shapes.CorrectionSerializer

    @extend_schema(operation_id="request_corrections", responses=shapes.CorrectionSerializer(many=True))
    def show(self, request: Request, **kwargs: int) -> Response:
        """What is to be corrected, without the values."""
        return Response(shapes.CorrectionSerializer(self.asked().corrections.all(), many=True).data)

    @extend_schema(request=shapes.NewCorrectionSerializer, responses={201: shapes.CorrectionSerializer})
    def state(self, request: Request, **kwargs: int) -> Response:
        """State what is wrong, and what is right."""
        stated = stating.state(self.asked(), **self.given(shapes.NewCorrectionSerializer), by=request.user)  # type: ignore[arg-type]
        return Response(shapes.CorrectionSerializer(stated).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def withdraw(self, request: Request, correction: int, **kwargs: int) -> Response:
        """Take it back."""
        stating.withdraw(get_object_or_404(Correction, pk=correction, request=self.asked()))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=shapes.StatementSerializer, responses={204: None})
    def note(self, request: Request, **kwargs: int) -> Response:
        """Note the person's supplementary statement, in place of an earlier one."""
        stating.note_statement(self.asked(), **self.given(shapes.StatementSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LiftingViewSet(OfRequest):
    permissions = dict.fromkeys(("tell", "lift"), "requests.handle")
    serializer_class = shapes.LiftingSerializer

    @extend_schema(request=shapes.NewLiftingSerializer, responses={201: shapes.LiftingSerializer})
    def tell(self, request: Request, **kwargs: int) -> Response:
        """Tell the person that the restriction will be lifted, Art. 18(3)."""
        told = restricting.tell_lifting(
            self.asked(),
            **self.given(shapes.NewLiftingSerializer),
            by=request.user,  # type: ignore[arg-type]
        )
        return Response(shapes.LiftingSerializer(told).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=RequestDetailSerializer)
    def lift(self, request: Request, **kwargs: int) -> Response:
        """Begin to lift it, from the day on that was told."""
        asked = self.asked()
        restricting.begin_lifting(asked)
        return self.shown(asked)


class ObjectionViewSet(OfRequest):
    permissions = {
        "show": "requests.view",
        **dict.fromkeys(("enter", "decide", "settle"), "requests.handle"),
    }
    serializer_class = shapes.ObjectionSerializer

    @extend_schema(operation_id="request_objections", responses=shapes.ObjectionSerializer(many=True))
    def show(self, request: Request, **kwargs: int) -> Response:
        """What the person objects to, and what was decided."""
        objections = self.asked().objections.select_related("activity")
        return Response(shapes.ObjectionSerializer(objections, many=True).data)

    @extend_schema(request=shapes.NewObjectionSerializer, responses={201: shapes.ObjectionSerializer})
    def enter(self, request: Request, **kwargs: int) -> Response:
        """Enter a purpose that the person objects to."""
        objection = objecting.enter(self.asked(), **self.given(shapes.NewObjectionSerializer))
        return Response(shapes.ObjectionSerializer(objection).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.ObjectionDecisionSerializer, responses=shapes.ObjectionSerializer)
    def decide(self, request: Request, objection: int, **kwargs: int) -> Response:
        """Uphold it, or name the compelling grounds that override it."""
        objected = get_object_or_404(Objection, pk=objection, request=self.asked())
        objecting.decide(objected, **self.given(shapes.ObjectionDecisionSerializer), by=request.user)  # type: ignore[arg-type]
        return Response(shapes.ObjectionSerializer(objected).data)

    @extend_schema(request=None, responses=RequestDetailSerializer)
    def settle(self, request: Request, **kwargs: int) -> Response:
        """Carry out what was decided."""
        asked = self.asked()
        objecting.settle(asked, by=request.user)  # type: ignore[arg-type]
        return self.shown(asked)


class RestrictionMarkViewSet(Refusing):
    permissions = {"list": "retention.view", **dict.fromkeys(("declare", "remove"), "retention.manage")}
    queryset = Mark.objects.select_related("data_set__system").order_by("pk")
    serializer_class = shapes.RestrictionMarkSerializer
    pagination_class = None

    @extend_schema(responses=shapes.RestrictionMarkSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The columns that say that a row is restricted."""
        return Response(shapes.RestrictionMarkSerializer(self.get_queryset(), many=True).data)

    @extend_schema(responses={201: shapes.RestrictionMarkSerializer})
    def declare(self, request: Request) -> Response:
        """Declare one, in place of an earlier one of its data set."""
        given = self.given(shapes.RestrictionMarkSerializer)
        mark = restricting.declare_mark(given.pop("data_set"), **given, by=request.user)  # type: ignore[arg-type]
        return Response(shapes.RestrictionMarkSerializer(mark).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def remove(self, request: Request, pk: int) -> Response:
        """Take one back."""
        restricting.remove_mark(get_object_or_404(self.get_queryset(), pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class NoticeViewSet(Refusing):
    permissions = {"show": "requests.view", "change": "requests.configure"}
    queryset = Notice.objects.all()
    serializer_class = shapes.NoticeSerializer

    @extend_schema(operation_id="package_notice", responses=shapes.NoticeSerializer)
    def show(self, request: Request) -> Response:
        """What every package says of the controller."""
        return Response(shapes.NoticeSerializer(Notice.objects.first() or Notice()).data)

    @extend_schema(responses=shapes.NoticeSerializer)
    def change(self, request: Request) -> Response:
        """Change it, for packages made from now on."""
        return Response(shapes.NoticeSerializer(change_notice(**self.given(shapes.NoticeSerializer))).data)


class EffectsViewSet(Refusing):
    """For pipelines: what follows from people's requests, asked by value; the values are kept nowhere."""

    permissions = dict.fromkeys(("effects", "opt_out"), "registry.check")
    queryset = SubjectRequest.objects.none()
    serializer_class = shapes.EffectsAnswerSerializer

    @extend_schema(request=shapes.EffectsQuestionSerializer, responses=shapes.EffectsAnswerSerializer)
    def effects(self, request: Request) -> Response:
        """What the registry says of each person, for one purpose or for all."""
        given = self.given(shapes.EffectsQuestionSerializer)
        asked = [(given["category"], lookup_of(given["category"], value)) for value in given["values"]]
        found = effects_on(asked, given["purpose"])
        return Response({"effects": [sorted(found[key]) for key in asked]}, headers=NO_STORE)

    @extend_schema(request=shapes.OptOutQuestionSerializer, responses=shapes.OptOutAnswerSerializer)
    def opt_out(self, request: Request) -> Response:
        """Whether somebody has opted out, and from when on they may be asked to opt in."""
        given = self.given(shapes.OptOutQuestionSerializer)
        again = may_be_asked_again([(given["category"], lookup_of(given["category"], given["value"]))])
        return Response({"opted_out": again is not None, "may_be_asked_again": again}, headers=NO_STORE)
