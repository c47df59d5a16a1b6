"""Tables of dj-stripe's mirror about no customer: the operator's catalogue, and what is never filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from billing.mirrored import COMMON, ONLY_ID, common_fields
from cutroom.personal_data import WITH_THE_INSTALLATION, Basis, Erasure, Kept, Table, record, secret

_CATALOGUE = "The operator's own catalogue and account at Stripe"
_UNUSED = "Filled by Stripe products that Cutroom does not use"


def _nobodys(
    model: str, *names: str, lacks: Sequence[str] = (), purpose: str = _CATALOGUE, secrets: Sequence[str] = ()
) -> Table:
    return Table(
        model=f"djstripe.{model}",
        purpose=purpose,
        basis=Basis.NONE,
        kept=WITH_THE_INSTALLATION,
        erasure=Erasure.LEAVE,
        fields=[*common_fields(lacks), record(*names), secret(*secrets)],
    )


def _unused(model: str, *names: str, lacks: Sequence[str] = ()) -> Table:
    return _nobodys(model, *names, lacks=lacks, purpose=_UNUSED)


_OPERATORS = [
    _nobodys("APIKey", "type", "name", lacks=["metadata"], secrets=["secret"]),
    _nobodys("Account"),
    _nobodys("AccountV2"),
    _nobodys("BalanceTransaction", "amount", "currency", "source", "type"),
    _nobodys("Coupon"),
    _nobodys("Feature"),
    replace(
        _nobodys(
            "IdempotencyKey",
            "uuid",
            "action",
            lacks=[name for name in COMMON if name not in ("livemode", "created")],
        ),
        purpose="To ask Stripe for each thing once",
        # Stripe forgets a key after a day; so must we, or the next use of it would be a surprise.
        kept=Kept(text="1 day", stream="keys of requests to Stripe", days=1, since="created"),
        erasure=Erasure.EXPIRE,
    ),
    _nobodys("Price", "active", "currency", "nickname", "product", "lookup_key"),
    _nobodys("Product", "name", "active"),
    _nobodys("ProductFeature", "product", "entitlement_feature"),
    _nobodys("PromotionCode"),
    _nobodys("TaxCode", lacks=["metadata"]),
    _nobodys("TaxRate"),
    _nobodys("DjstripePaymentMethod", "type", lacks=ONLY_ID),
    _nobodys(
        "WebhookEndpoint",
        "api_version",
        "enabled_events",
        "status",
        "url",
        "application",
        "djstripe_uuid",
        "djstripe_tolerance",
        "djstripe_validation_method",
        secrets=["secret"],
    ),
]

_FOREIGN = [
    _unused("ActiveEntitlement"),
    _unused("ApplicationFee", "account", "balance_transaction", "charge"),
    _unused("ApplicationFeeRefund", "balance_transaction", "fee"),
    _unused("BankAccount", "account", "fingerprint"),
    _unused("Card", "account", "fingerprint"),
    _unused(
        "CountrySpec",
        "default_currency",
        "supported_bank_account_currencies",
        "supported_payment_currencies",
        "supported_payment_methods",
        "supported_transfer_countries",
        "verification_fields",
        lacks=["created", "djstripe_id", "djstripe_owner_account", "livemode", "metadata"],
    ),
    _unused("EarlyFraudWarning"),
    _unused("File"),
    _unused("FileLink", "file"),
    _unused("IssuingAuthorization"),
    _unused("IssuingCard"),
    _unused("IssuingCardholder"),
    _unused("IssuingDispute"),
    _unused("IssuingTransaction"),
    _unused(
        "Payout",
        "balance_transaction",
        "currency",
        "destination",
        "failure_balance_transaction",
        "original_payout",
        "reversed_by",
    ),
    _unused("Review"),
    _unused(
        "ScheduledQueryRun",
        "data_load_time",
        "error",
        "file",
        "result_available_until",
        "sql",
        "status",
        "title",
    ),
    _unused("ShippingRate", "tax_code"),
    _unused(
        "SourceTransaction",
        "ach_credit_transfer",
        "amount",
        "currency",
        "customer_data",
        "source",
        "status",
        lacks=["metadata"],
    ),
    _unused("Transfer", "balance_transaction"),
    _unused("TransferReversal", "balance_transaction", "transfer"),
    _unused("VerificationReport", "document", "id_number", "options", "selfie", "type"),
    _unused(
        "VerificationSession",
        "last_error",
        "last_verification_report",
        "redaction",
        "verified_outputs",
        "status",
        "type",
    ),
]

TABLES = [*_OPERATORS, *_FOREIGN]
