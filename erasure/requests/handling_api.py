"""The handling of a request over REST: its clock, who answers for it, and what is written about it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from erasure.models import SubjectRequest
from erasure.requests import acknowledging, assigning, filing, grouping, noting, pausing, reopening
from erasure.requests import handling_serializers as shapes
from erasure.requests.letters import sending
from erasure.requests.models import Letter, RequestFile
from erasure.requests.stating import REASON_LENGTH

CLOCK = ("acknowledge", "pause", "resume", "reopen", "appeal", "decide_appeal")
WRITTEN = ("notes", "note", "files", "attach", "file", "remove_file", "letters", "send_again", "write")
PERMISSIONS = dict.fromkeys((*CLOCK, *WRITTEN, "assign", "expedite", "duplicate"), "requests.handle") | {
    "same_person": "requests.view"
}
FILE = OpenApiParameter("file", int, OpenApiParameter.PATH)
LETTER = OpenApiParameter("letter", int, OpenApiParameter.PATH)


class HandlingReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(
        max_length=REASON_LENGTH, help_text="Kept in the ledger for ever: nothing about the person."
    )


class Handling:
    """Actions of the view set of requests, which brings `get_object`, `given` and `_shown`."""

    _shown: Callable[[SubjectRequest], Response]

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Write to the person that their request is here; once."""
        found = self.get_object()
        acknowledging.acknowledge(found)
        return self._shown(found)

    @extend_schema(request=HandlingReasonSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Stop the clock until the person answers; 409 where the law lets none stand."""
        found = self.get_object()
        pausing.pause(found, **self.given(HandlingReasonSerializer))
        return self._shown(found)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let the clock go on; the deadline moves by the days it stood."""
        found = self.get_object()
        pausing.resume(found)
        return self._shown(found)

    @extend_schema(request=HandlingReasonSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Take a request that had ended up again, with the whole time of the law from today on."""
        found = self.get_object()
        reopening.reopen(found, **self.given(HandlingReasonSerializer))
        return self._shown(found)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def appeal(self, request: Request, pk: str) -> Response:
        """Enter that the person appeals against the answer; 409 where the law knows no appeal."""
        found = self.get_object()
        reopening.appeal(found)
        return self._shown(found)

    @extend_schema(request=shapes.AppealDecisionSerializer)
    @action(detail=True, methods=["post"], url_path="decide-appeal")
    def decide_appeal(self, request: Request, pk: str) -> Response:
        """Grant or refuse an appeal, with the reason that the person is told."""
        found = self.get_object()
        reopening.decide_appeal(found, **self.given(shapes.AppealDecisionSerializer))
        return self._shown(found)

    @extend_schema(request=shapes.AssignSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Give the request to an officer."""
        found = self.get_object()
        name = self.given(shapes.AssignSerializer)["officer"]
        officer = assigning.officers().filter(username=name).first()
        if officer is None:
            raise ValidationError({"officer": ["There is no officer of this name who handles requests."]})
        assigning.assign(found, to=officer)
        return self._shown(found)

    @extend_schema(request=shapes.ExpediteSerializer)
    @action(detail=True, methods=["post"])
    def expedite(self, request: Request, pk: str) -> Response:
        """Put the request before all others, or back in line."""
        found = self.get_object()
        assigning.expedite(found, **self.given(shapes.ExpediteSerializer))
        return self._shown(found)

    @extend_schema(request=shapes.DuplicateSerializer)
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: str) -> Response:
        """Close the request in favour of another of the same person; they are told."""
        found = self.get_object()
        reference = self.given(shapes.DuplicateSerializer)["of"]
        other = SubjectRequest.objects.filter(reference=reference).first()
        if other is None:
            raise ValidationError({"of": ["There is no request of this reference."]})
        grouping.close_as_duplicate(found, of=other, by=request.user)  # type: ignore[arg-type]
        return self._shown(found)

    @extend_schema(responses=shapes.SiblingSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], url_path="same-person", pagination_class=None)
    def same_person(self, request: Request, pk: str) -> Response:
        """Other requests that name one of its identifiers."""
        return Response(shapes.SiblingSerializer(grouping.same_person(self.get_object()), many=True).data)

    @extend_schema(responses=shapes.RequestNoteSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def notes(self, request: Request, pk: str) -> Response:
        return Response(shapes.RequestNoteSerializer(self.get_object().notes.all(), many=True).data)

    @extend_schema(request=shapes.RequestNoteSerializer, responses={201: shapes.RequestNoteSerializer})
    @notes.mapping.post
    def note(self, request: Request, pk: str) -> Response:
        """Keep a note; it stays out of the ledger."""
        given = self.given(shapes.RequestNoteSerializer)
        written = noting.note(self.get_object(), **given, by=request.user)  # type: ignore[arg-type]
        return Response(shapes.RequestNoteSerializer(written).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.MessageSerializer, responses={201: shapes.RequestLetterSerializer})
    @action(detail=True, methods=["post"])
    def write(self, request: Request, pk: str) -> Response:
        """Write a letter of one's own to the person."""
        letter = noting.write_to_person(self.get_object(), **self.given(shapes.MessageSerializer))
        return Response(shapes.RequestLetterSerializer(letter).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.RequestLetterSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def letters(self, request: Request, pk: str) -> Response:
        return Response(shapes.RequestLetterSerializer(self.get_object().letters.all(), many=True).data)

    @extend_schema(request=None, responses=shapes.RequestLetterSerializer, parameters=[LETTER])
    @action(detail=True, methods=["post"], url_path=r"letters/(?P<letter>[0-9]{1,18})/send-again")
    def send_again(self, request: Request, pk: str, letter: str) -> Response:
        """Try a letter that could not be sent once more."""
        found = get_object_or_404(Letter, request=self.get_object(), pk=letter)
        sending.send_again(found)
        return Response(shapes.RequestLetterSerializer(found).data)

    @extend_schema(responses=shapes.RequestFileSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, parser_classes=[MultiPartParser])
    def files(self, request: Request, pk: str) -> Response:
        return Response(shapes.RequestFileSerializer(self.get_object().files.all(), many=True).data)

    @extend_schema(
        request={"multipart/form-data": shapes.UploadSerializer},
        responses={
            201: shapes.RequestFileSerializer,
            400: OpenApiResponse(description="Not a file to keep."),
        },
    )
    @files.mapping.post
    def attach(self, request: Request, pk: str) -> Response:
        """Keep a file with the request; its content must be what its name says."""
        upload = self.given(shapes.UploadSerializer)["file"]
        kept = filing.attach(self.get_object(), upload, by=request.user)  # type: ignore[arg-type]
        return Response(shapes.RequestFileSerializer(kept).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, parameters=[FILE], filters=False
    )
    @action(detail=True, methods=["get"], url_path=r"files/(?P<file>[0-9]{1,18})")
    def file(self, request: Request, pk: str, file: str) -> HttpResponse:
        """The file as a download; the ledger records who read it."""
        return filing.hand_out(self._file(file))

    @extend_schema(responses={204: None}, parameters=[FILE])
    @file.mapping.delete
    def remove_file(self, request: Request, pk: str, file: str) -> Response:
        filing.remove(self._file(file))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _file(self, pk: str) -> RequestFile:
        return get_object_or_404(RequestFile, request=self.get_object(), pk=pk, sealed__isnull=False)

    def get_object(self) -> Any:
        return super().get_object()  # type: ignore[misc]

    def given(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        return super().given(shape)  # type: ignore[misc]
