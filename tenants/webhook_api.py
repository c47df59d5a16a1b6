"""/api/v1/webhooks: endpoints, what was sent to them, and the messages themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom.errors import InvalidInput, NotFound
from cutroom.pagination import CursorPages
from cutroom.schema import PAGE_PARAMETERS, page_of, problems
from tenants import conf, selectors, webhooks
from tenants.errors import TooManyEndpoints
from tenants.models import WebhookEndpoint, WebhookMessage
from tenants.permissions import HasCapability
from tenants.roles import Capability
from tenants.webhook_documents import (
    DeliveryDocument,
    EndpointChange,
    EndpointDocument,
    EndpointInput,
    MessageDocument,
    NewEndpoint,
    Secret,
)

_TAGS = ["webhooks"]


class WebhooksAPI(APIView):
    """GET, POST /api/v1/webhooks"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_WEBHOOKS

    @extend_schema(
        operation_id="webhooks_list",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(EndpointDocument)},
    )
    def get(self, request: Request) -> Response:
        """The tenant's endpoints, newest first."""
        return _page(WebhookEndpoint.objects.all(), EndpointDocument, request)

    @extend_schema(
        operation_id="webhooks_create",
        tags=_TAGS,
        request=EndpointInput,
        responses={201: NewEndpoint, **problems(InvalidInput, TooManyEndpoints)},
    )
    def post(self, request: Request) -> Response:
        """Add an endpoint. The answer has the secret that signs its messages."""
        form = EndpointInput(data=request.data)
        form.is_valid(raise_exception=True)
        endpoint, secret = webhooks.create_endpoint(**{"event_types": [], **form.validated_data})
        return _secret_response({**EndpointDocument(endpoint).data, "secret": secret}, status=201)


class WebhookAPI(APIView):
    """GET, PATCH, DELETE /api/v1/webhooks/{endpoint_id}"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_WEBHOOKS

    @extend_schema(
        operation_id="webhooks_get", tags=_TAGS, responses={200: EndpointDocument, **problems(NotFound)}
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """One endpoint."""
        return Response(EndpointDocument(selectors.webhook_endpoint(endpoint_id)).data)

    @extend_schema(
        operation_id="webhooks_change",
        tags=_TAGS,
        request=EndpointChange,
        responses={200: EndpointDocument, **problems(InvalidInput, NotFound)},
    )
    def patch(self, request: Request, endpoint_id: UUID) -> Response:
        """Change an endpoint, or switch it off and on."""
        endpoint = selectors.webhook_endpoint(endpoint_id)
        form = EndpointChange(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(EndpointDocument(webhooks.change_endpoint(endpoint, **form.validated_data)).data)

    @extend_schema(operation_id="webhooks_delete", tags=_TAGS, responses={204: None, **problems(NotFound)})
    def delete(self, request: Request, endpoint_id: UUID) -> Response:
        """Remove an endpoint; what is on its way is not sent."""
        webhooks.delete_endpoint(selectors.webhook_endpoint(endpoint_id))
        return Response(status=204)


class WebhookSecretAPI(APIView):
    """POST /api/v1/webhooks/{endpoint_id}/rotate-secret"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_WEBHOOKS

    @extend_schema(
        operation_id="webhooks_rotate_secret",
        tags=_TAGS,
        request=None,
        responses={200: Secret, **problems(NotFound)},
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """A new secret. For 24 hours messages carry a signature by each of both."""
        return _secret_response({"secret": webhooks.rotate_secret(selectors.webhook_endpoint(endpoint_id))})


class WebhookTestAPI(APIView):
    """POST /api/v1/webhooks/{endpoint_id}/test"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_WEBHOOKS

    @extend_schema(
        operation_id="webhooks_test",
        tags=_TAGS,
        request=None,
        responses={202: DeliveryDocument, **problems(NotFound)},
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Send a `ping` to the endpoint."""
        return Response(
            DeliveryDocument(webhooks.send_test(selectors.webhook_endpoint(endpoint_id))).data, status=202
        )


class DeliveriesAPI(APIView):
    """GET /api/v1/webhooks/{endpoint_id}/deliveries"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_WEBHOOKS

    @extend_schema(
        operation_id="webhooks_deliveries",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(DeliveryDocument), **problems(NotFound)},
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """What was sent to an endpoint, newest first, with every try."""
        rows = selectors.webhook_endpoint(endpoint_id).deliveries.select_related("message")
        return _page(rows, DeliveryDocument, request)


class ReplayAPI(APIView):
    """POST /api/v1/webhooks/{endpoint_id}/deliveries/{delivery_id}/replay"""

    permission_classes = [HasCapability]
    capability = Capability.MANAGE_WEBHOOKS

    @extend_schema(
        operation_id="webhooks_replay",
        tags=_TAGS,
        request=None,
        responses={202: DeliveryDocument, **problems(NotFound)},
    )
    def post(self, request: Request, endpoint_id: UUID, delivery_id: UUID) -> Response:
        """Send a message again. The receiver sees the id it had before."""
        delivery = selectors.webhook_delivery(endpoint_id, delivery_id)
        return Response(DeliveryDocument(webhooks.replay(delivery)).data, status=202)


class MessagesAPI(APIView):
    """GET /api/v1/webhooks/messages"""

    permission_classes = [HasCapability]
    capability = Capability.HEAR_EVENTS

    @extend_schema(
        operation_id="webhooks_messages",
        tags=_TAGS,
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(MessageDocument)},
    )
    def get(self, request: Request) -> Response:
        """The last 30 days' messages, newest first, for programs that cannot be reached from here."""
        return _page(WebhookMessage.objects.all(), MessageDocument, request)


class EventTypesAPI(APIView):
    """GET /api/v1/webhooks/event-types"""

    permission_classes = [HasCapability]
    capability = Capability.HEAR_EVENTS

    @extend_schema(
        operation_id="webhooks_event_types",
        tags=_TAGS,
        responses={200: {"type": "object", "additionalProperties": {"type": "string"}}},
    )
    def get(self, request: Request) -> Response:
        """What an endpoint can subscribe to, and what each event tells."""
        return Response(conf.webhook_events())


def _page(rows: Any, document: type[serializers.BaseSerializer[Any]], request: Request) -> Response:
    pages = CursorPages()
    return pages.get_paginated_response(document(pages.paginate_queryset(rows, request), many=True).data)


def _secret_response(data: dict[str, Any], *, status: int = 200) -> Response:
    return Response(data, status=status, headers={"Cache-Control": "no-store"})
