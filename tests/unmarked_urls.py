"""Views that somebody forgot to mark."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


def unmarked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


class Unmarked(APIView):
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response("open")


urlpatterns = [
    path("unmarked/", unmarked),
    path("unmarked-api/", Unmarked.as_view()),
    path("", include("governance.urls")),
]
