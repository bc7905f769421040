"""The texts of letters over REST."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from erasure.requests.handling_serializers import LetterTextSerializer
from erasure.requests.letters.editing import restore_text, save_text
from erasure.requests.letters.kinds import KINDS
from erasure.requests.letters.wording import LANGUAGES, text_of
from erasure.requests.states import NotNow
from governance.console.api_errors import Conflict

KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="Kind and language: paused.de")


class LetterTextViewSet(viewsets.ViewSet):
    permissions = dict.fromkeys(("list", "retrieve", "update", "destroy"), "requests.configure")
    lookup_field = "key"
    lookup_value_regex = r"[a-z0-9_.]+"

    @extend_schema(responses=LetterTextSerializer(many=True), operation_id="letter_texts_list")
    def list(self, request: Request) -> Response:
        """Every kind of letter in every language, with the text that is in use."""
        return Response([_shown(kind, language) for kind in KINDS for language in LANGUAGES])

    @extend_schema(responses=LetterTextSerializer, parameters=[KEY])
    def retrieve(self, request: Request, key: str) -> Response:
        return Response(_shown(*_known(key)))

    @extend_schema(request=LetterTextSerializer, responses=LetterTextSerializer, parameters=[KEY])
    def update(self, request: Request, key: str) -> Response:
        """A text of one's own; 400 says which variables there are and which it needs."""
        kind, language = _known(key)
        given = LetterTextSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        save_text(kind, language, **given.validated_data, by=request.user)  # type: ignore[arg-type]
        return Response(_shown(kind, language))

    @extend_schema(responses={204: None}, parameters=[KEY])
    def destroy(self, request: Request, key: str) -> Response:
        """Back to the text that comes with the console."""
        try:
            restore_text(*_known(key))
        except NotNow as refusal:
            raise Conflict(str(refusal)) from None
        return Response(status=status.HTTP_204_NO_CONTENT)


def _known(key: str) -> tuple[str, str]:
    kind, _, language = key.partition(".")
    if kind not in KINDS or language not in LANGUAGES:
        raise Http404
    return kind, language


def _shown(kind: str, language: str) -> Any:
    text = text_of(kind, language)
    content = {"subject": text.subject, "body": text.body, "own": text.own}
    return LetterTextSerializer({"kind": kind, "language": language, **content}).data
