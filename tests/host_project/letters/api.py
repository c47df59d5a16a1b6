"""/api/letters: each letter counts on a meter, and a letterhead is a feature of larger plans."""

from uuid import uuid4

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cutroom import clock
from letters.models import Letter
from metering import services as metering
from metering.meters import Meter
from tenants.roles import Capability

LETTERS = Meter("letters_count")


class NewLetter(serializers.Serializer):
    """What is sent."""

    text = serializers.CharField(max_length=5000)
    has_letterhead = serializers.BooleanField(default=False)


class LettersAPI(APIView):
    """GET, POST /api/letters"""

    capability = Capability.USE_PRODUCT

    def get(self, request: Request) -> Response:
        """The texts of the tenant's letters."""
        return Response({"letters": list(Letter.objects.order_by("id").values_list("text", flat=True))})

    def post(self, request: Request) -> Response:
        """Write one: 402 beyond the quota, 402 for a letterhead on a small plan."""
        form = NewLetter(data=request.data)
        form.is_valid(raise_exception=True)
        caller, at = request.user, clock.now()
        if form.validated_data["has_letterhead"]:
            metering.require_feature(tenant_id=caller.tenant_id, feature="letterhead")
        # In the transaction of the row: a letter without its count cannot be, nor a count without its letter.
        metering.charge(
            tenant_id=caller.tenant_id,
            event_key=f"letter:{uuid4()}",
            meter=LETTERS,
            amount=1,
            subject="letter",
            user_id=caller.user_id,
            at=at,
        )
        letter = Letter.objects.create(written_by=caller.user_id, **form.validated_data)
        return Response({"id": letter.pk}, status=201)
