"""What the handling of a request looks like over REST."""

from typing import Any

from rest_framework import serializers

from erasure.models import SubjectRequest
from erasure.requests.letters.sending import readable
from erasure.requests.letters.wording import LANGUAGES
from erasure.requests.letters.wording import LONGEST as LONGEST_TEXT
from erasure.requests.models import Letter, Note, RequestFile
from erasure.requests.noting import LONGEST
from erasure.requests.stating import REASON_LENGTH
from governance.console.templatetags.ui import masked


class AppealDecisionSerializer(serializers.Serializer):
    grant = serializers.BooleanField(help_text="Whether the person is right, so that the request goes on.")
    reason = serializers.CharField(max_length=REASON_LENGTH, help_text="The person is told it.")


class AssignSerializer(serializers.Serializer):
    officer = serializers.CharField(max_length=150, help_text="The user name of an officer.")


class ExpediteSerializer(serializers.Serializer):
    first = serializers.BooleanField(default=True)


class DuplicateSerializer(serializers.Serializer):
    of = serializers.CharField(max_length=20, help_text="The reference of the request that goes on.")


class MessageSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=LONGEST, write_only=True)


class RequestNoteSerializer(serializers.ModelSerializer):
    text = serializers.CharField(max_length=LONGEST)

    class Meta:
        model = Note
        fields = ["id", "kind", "text", "written_by", "written_at"]
        read_only_fields = ["id", "written_by", "written_at"]


class RequestLetterSerializer(serializers.ModelSerializer):
    content = serializers.SerializerMethodField(
        help_text="Recipient (masked), subject and text, without the secret of a link; null once destroyed."
    )

    class Meta:
        model = Letter
        fields = ["id", "kind", "language", "state", "attempts", "problem", "made_at", "sent_at", "content"]
        read_only_fields = fields

    def get_content(self, letter: Letter) -> dict[str, Any] | None:
        content = readable(letter)
        return {**content, "to": masked(content["to"])} if content else None


class RequestFileSerializer(serializers.ModelSerializer):
    name = serializers.CharField(read_only=True)

    class Meta:
        model = RequestFile
        fields = ["id", "name", "content_type", "size", "sha256", "added_by", "added_at"]
        read_only_fields = fields


class UploadSerializer(serializers.Serializer):
    file = serializers.FileField()


class SiblingSerializer(serializers.ModelSerializer):
    class Meta:
        model = SubjectRequest
        fields = ["id", "reference", "kind", "state", "due_on"]
        read_only_fields = fields


class LetterTextSerializer(serializers.Serializer):
    kind = serializers.CharField(read_only=True)
    language = serializers.ChoiceField(choices=list(LANGUAGES.items()), read_only=True)
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=LONGEST_TEXT)
    own = serializers.BooleanField(read_only=True)
