"""What the API of the console shows and takes of senders and of what they sent."""

from rest_framework import serializers

from erasure.protocols.models import Agent, Business, Controller, Received
from erasure.requests.stating import REASON_LENGTH

UNCHECKED: dict = {"validators": []}  # the verb says it in words


class ProtocolBusinessSerializer(serializers.ModelSerializer):
    class Meta:
        model = Business
        fields = [
            "business_id",
            "voluntary_regime",
            "web_url",
            "logo_url",
            "technical_contact",
            "business_contact",
        ]


class AuthorizedAgentSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)

    class Meta:
        model = Agent
        fields = [
            "id",
            "agent_id",
            "name",
            "verify_key",
            "vouches",
            "assurance_url",
            "contact_email",
            "state",
            "registered_at",
            "token_issued_at",
            "ended_at",
        ]
        read_only_fields = ["registered_at", "token_issued_at", "ended_at"]
        extra_kwargs = {"agent_id": UNCHECKED}


class AuthorizedAgentChangeSerializer(AuthorizedAgentSerializer):
    class Meta(AuthorizedAgentSerializer.Meta):
        fields = ["name", "verify_key", "vouches", "assurance_url", "contact_email"]
        read_only_fields: list[str] = []
        extra_kwargs: dict = {}


class OpenDsrControllerSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)
    token = serializers.SerializerMethodField(help_text="Shown when it is made, and never again.")

    class Meta:
        model = Controller
        fields = [
            "id",
            "controller_id",
            "name",
            "contact_email",
            "state",
            "registered_at",
            "token_issued_at",
            "ended_at",
            "token",
        ]
        read_only_fields = ["registered_at", "token_issued_at", "ended_at"]
        extra_kwargs = {"controller_id": UNCHECKED}

    def get_token(self, controller: Controller) -> str:
        return str(self.context.get("token", ""))


class ReceivedByProtocolSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    protocol = serializers.CharField(read_only=True)
    sender = serializers.CharField(source="sender.name", read_only=True)
    reference = serializers.CharField(source="request.reference", read_only=True, default="")

    class Meta:
        model = Received
        fields = [
            "id",
            "protocol",
            "sender",
            "reference",
            "request",
            "joined",
            "asked",
            "regime",
            "told",
            "denial",
            "settled",
            "received_at",
            "withdrawn_at",
        ]
        read_only_fields = fields


class DenyByProtocolSerializer(serializers.Serializer):
    denial = serializers.ChoiceField(choices=Received.Denial.choices)
    reason = serializers.CharField(max_length=REASON_LENGTH)


class OpenDsrCertificateSerializer(serializers.Serializer):
    certificate = serializers.CharField(help_text="PEM, the chain behind it.")
    certificate_request = serializers.CharField(
        read_only=True, help_text="PKCS #10, to be sent to an authority."
    )
    issued = serializers.BooleanField(read_only=True, help_text="False: self-signed, for trials only.")
