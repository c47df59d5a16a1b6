"""How webhook endpoints, messages and deliveries are written in JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cutroom.bodies import Body
from tenants.models import DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookMessage


class EndpointInput(Body):
    """An address and what it wants to hear; no event types means all of them."""

    url = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=120, allow_blank=True, required=False)
    event_types = serializers.ListField(child=serializers.CharField(max_length=60), required=False)


class EndpointChange(EndpointInput):
    """What may be changed; a field that is not sent stays."""

    url = serializers.CharField(max_length=500, required=False)
    is_enabled = serializers.BooleanField(required=False)


class EndpointDocument(serializers.ModelSerializer):
    """An endpoint without its secret."""

    is_enabled = serializers.BooleanField(read_only=True)

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "url",
            "description",
            "event_types",
            "is_enabled",
            "disabled_at",
            "disabled_reason",
            "created_at",
        ]


class NewEndpoint(EndpointDocument):
    """A new endpoint with its signing secret, shown this once."""

    secret = serializers.CharField(help_text="Verifies signatures (Standard Webhooks); shown this once")

    class Meta(EndpointDocument.Meta):
        fields = [*EndpointDocument.Meta.fields, "secret"]


class Secret(serializers.Serializer):
    """A signing secret, shown this once."""

    secret = serializers.CharField()


class MessageDocument(serializers.ModelSerializer):
    """What happened, in the words every endpoint gets."""

    timestamp = serializers.DateTimeField(source="created_at")

    class Meta:
        model = WebhookMessage
        fields = ["id", "type", "timestamp", "data"]


class Attempt(serializers.Serializer):
    """One try: the status of the answer and its first 1,000 characters, or why there was none."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    milliseconds = serializers.IntegerField()
    error = serializers.CharField()
    answer = serializers.CharField()


class DeliveryDocument(serializers.ModelSerializer):
    """A message on its way to an endpoint."""

    message = MessageDocument()
    next_try_at = serializers.SerializerMethodField()
    attempts = Attempt(many=True)

    class Meta:
        model = WebhookDelivery
        fields = ["id", "state", "tries", "next_try_at", "delivered_at", "created_at", "message", "attempts"]

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_try_at(self, delivery: WebhookDelivery) -> Any:
        """When it is sent next; null when it has ended."""
        return delivery.due_at if delivery.state == DeliveryState.PENDING else None
