"""Errors of the API as RFC 9457 problem details (`application/problem+json`)."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"


class Conflict(exceptions.APIException):
    """The state of the thing does not allow this (any more)."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "The state of this does not allow it."
    default_code = "conflict"


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes."
    default_code = "too_large"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: title, status, detail, and `errors` by field where input was invalid."""
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(
            error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
        )
    response = exception_handler(error, context)
    if response is None:
        return None
    body: dict[str, Any] = {"type": "about:blank", "status": response.status_code}
    if isinstance(error, exceptions.ValidationError):
        body |= {"title": "Invalid input", "detail": _first(response.data), "errors": response.data}
    elif isinstance(error, Http404):
        body |= {"title": "Not found", "detail": "There is nothing here, or not for you."}
    elif isinstance(error, PermissionDenied):
        body |= {"title": "Forbidden", "detail": str(error)}
    else:
        code = getattr(error, "default_code", "error")
        body |= {"title": code.replace("_", " ").capitalize(), "detail": _first(response.data)}
    response.data = body
    response.content_type = CONTENT_TYPE
    response["Content-Type"] = CONTENT_TYPE
    return response


def _first(data: Any) -> str:
    """The first message in DRF's nested error data, with the field it belongs to."""
    if isinstance(data, dict):
        field, value = next(iter(data.items()), ("", ""))
        message = _first(value)
        return message if field in ("detail", "non_field_errors") else f"{field}: {message}"
    if isinstance(data, list):
        return _first(data[0]) if data else ""
    return str(data)
