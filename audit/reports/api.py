"""The reports over REST: which there are, and each as a file in the form that the program asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.reports.base import Report, reports
from audit.reports.making import cleaned, export, make
from audit.reports.renderers import Renderer, renderers
from audit.reports.views import download, report_of
from governance.console.api_permissions import may


def _parameters() -> dict[str, str]:
    """What each parameter means, of those that stand in an address."""
    found: dict[str, list[str]] = {}
    for cls in reports.classes.values():
        for name, field in cls.Parameters.base_fields.items() if not cls.about_a_person else ():
            said = f"{cls.kind}: {field.label or name}. {field.help_text}".strip()
            found.setdefault(name, []).append(said)
    return {name: " ".join(said) for name, said in found.items()}


PARAMETERS = [
    OpenApiParameter(
        "as", str, enum=sorted(renderers.classes), description="The form; else by Accept, else JSON."
    ),
    *(OpenApiParameter(name, str, description=said) for name, said in sorted(_parameters().items())),
]
DEFAULT = "json"


class ReportKindSerializer(serializers.Serializer):
    kind = serializers.CharField()
    title = serializers.CharField()
    purpose = serializers.CharField()
    parameters = serializers.ListField(child=serializers.CharField())
    formats = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField()


class OwnNegotiation(BaseContentNegotiation):
    """The files are made by our renderers; the framework's own only says what is wrong."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: Any = None) -> Any:
        first = next(iter(renderers))
        return first, first.media_type


class ReportList(APIView):
    permissions = {"GET": "reports.view"}

    @extend_schema(responses=ReportKindSerializer(many=True), operation_id="reports_list")
    def get(self, request: Request) -> Response:
        """The reports there are, with their parameters and formats."""
        return Response(
            [
                {
                    "kind": kind,
                    "title": cls.title,
                    "purpose": cls.purpose,
                    "parameters": list(cls.Parameters.base_fields),
                    "formats": list(renderers.classes),
                    "url": reverse("api-report", args=[kind]),
                }
                for kind, cls in reports.classes.items()
                if may(request, cls.permission)
            ]
        )


class ReportFile(APIView):
    permissions = {"GET": "reports.view", "POST": "reports.view"}
    content_negotiation_class = OwnNegotiation
    parser_classes = [JSONParser, FormParser]

    @extend_schema(
        parameters=PARAMETERS,
        operation_id="reports_retrieve",
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "text/html"): OpenApiTypes.STR,
            400: OpenApiResponse(description="A parameter is missing or wrong."),
            404: OpenApiResponse(description="There is no such report."),
            406: OpenApiResponse(description="There is no such form."),
        },
    )
    def get(self, request: Request, kind: str) -> HttpResponse:
        """One report as a file. That it was made is recorded in the ledger, with its hash."""
        report = report_of(kind, may=partial(may, request))
        if report.about_a_person:
            raise exceptions.MethodNotAllowed("GET", "Post its parameters: they are about a person.")
        return _made(request, report, request.query_params)

    @extend_schema(
        parameters=PARAMETERS[:1],
        operation_id="reports_ask",
        request={"application/json": OpenApiTypes.OBJECT},
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            405: OpenApiResponse(description="GET it."),
        },
    )
    def post(self, request: Request, kind: str) -> HttpResponse:
        """One report about a person as a file: its parameters are posted, and stand in no address."""
        report = report_of(kind, may=partial(may, request))
        if not report.about_a_person:
            raise exceptions.MethodNotAllowed("POST", "It is about nobody: GET it.")
        if not isinstance(request.data, Mapping):
            raise exceptions.ParseError("The body is a JSON object of the report's parameters.")
        return _made(request, report, request.data)


def _made(request: Request, report: Report, given: Any) -> HttpResponse:
    renderer = _renderer(request)
    return download(export(make(report, parameters=cleaned(report, given)), renderer))


def _renderer(request: Request) -> Renderer:
    """By `as`, else by the Accept header."""
    wanted = request.query_params.get("as")
    if wanted is None:
        by_type = {cls.content_type.partition(";")[0]: cls for cls in renderers.classes.values()}
        first = renderers.get(DEFAULT).content_type
        accepted = request._request.get_preferred_type([first, *by_type])
        if accepted is None:
            raise exceptions.NotAcceptable
        return by_type[accepted]()
    if wanted not in renderers.classes:
        raise exceptions.ValidationError({"as": [f"Unknown; known are {', '.join(renderers.classes)}."]})
    return renderers.get(wanted)()
