"""What the accounts app keeps about people, and what Django's own tables for sign-in and console keep."""

from typing import Any

from cutroom.personal_data import (
    WITH_THE_INSTALLATION,
    WITH_THE_PERSON,
    WITH_THE_TENANT,
    AppData,
    Basis,
    CacheFamily,
    Category,
    Erasure,
    Kept,
    Owner,
    Table,
    ThirdParty,
    access,
    activity,
    actor,
    identity,
    record,
    secret,
    somebody_else,
)

_OF_PERSON = Owner(person="user")
_SIGN_IN = "To let people in by mail, and keep others out"
_CONSOLE = "To know what operators may do and did"
_REFERENCE = "Names the framework needs to work"

_QUESTIONS = Kept(text="1 day after it expired", stream="sign-in links", days=1, since="expires_at")
_MAILS = Kept(text="1 day after the last try", stream="mails sent", days=1, since="give_up_at")
_COUNTS = Kept(text="at most a day", stream="request counts", days=0, since="expires_at")
_SUPPRESSED = Kept(text="1 year", stream="suppressed addresses", days=365, since="created_at")
_INVITATIONS = Kept(text="30 days after it expired", stream="invitations", days=30, since="expires_at")
_SESSIONS = Kept(text="90 days after it ended", stream="sessions", days=90, since="expires_at")
_COOKIES = Kept(text="30 days", stream="browser sessions", days=0, since="expire_date")
_CONSOLE_LOG = Kept(text="1 year", stream="console log", days=365, since="action_time")


def _reference(model: str, *names: str) -> Table:
    return Table(
        model=model,
        purpose=_REFERENCE,
        basis=Basis.NONE,
        kept=WITH_THE_INSTALLATION,
        erasure=Erasure.LEAVE,
        fields=[record(*names)],
    )


_UNCONFIRMED = Kept(
    text="as long as the person has an account; 1 day when it was never confirmed",
    stream="unconfirmed authenticator apps",
    days=1,
    since="created_at",
    only={"confirmed_at": None},
)

_SECOND_FACTOR = [
    Table(
        model="accounts.AuthenticatorApp",
        owner=_OF_PERSON,
        purpose=_SIGN_IN,
        kept=_UNCONFIRMED,
        fields=[
            secret("secret_sealed", "last_step"),
            record("id", "user", "created_at", "confirmed_at", "last_used_at"),
        ],
    ),
    Table(
        model="accounts.Passkey",
        owner=_OF_PERSON,
        purpose=_SIGN_IN,
        kept=WITH_THE_PERSON,
        fields=[
            identity("name"),
            secret("credential_id", "credential"),
            record("id", "user", "transports", "sign_count", "created_at", "last_used_at"),
        ],
    ),
    Table(
        model="accounts.RecoveryCode",
        owner=_OF_PERSON,
        purpose=_SIGN_IN,
        kept=WITH_THE_PERSON,
        fields=[secret("salt", "digest"), record("id", "user", "created_at", "used_at")],
    ),
    Table(
        model="accounts.FactorChallenge",
        owner=_OF_PERSON,
        purpose=_SIGN_IN,
        kept=_QUESTIONS,
        fields=[
            access("next_path"),
            secret("token_hash", "passkey_challenge", "invitation_hash"),
            record("id", "user", "session", "tries", "created_at", "expires_at", "used_at"),
        ],
    ),
    Table(
        model="accounts.SignInRule",
        owner=Owner(tenant="tenant"),
        purpose=_SIGN_IN,
        kept=WITH_THE_TENANT,
        fields=[record("id", "tenant", "demands_second_factor", "changed_at")],
    ),
]

_DJANGO = [
    Table(
        model="admin.LogEntry",
        owner=_OF_PERSON,
        purpose=_CONSOLE,
        basis=Basis.INTEREST,
        kept=_CONSOLE_LOG,
        fields=[
            activity("action_time", "action_flag", "change_message", "object_repr"),
            record("id", "user", "content_type", "object_id"),
        ],
    ),
    Table(
        model="sessions.Session",
        purpose=_SIGN_IN,
        kept=_COOKIES,
        erasure=Erasure.EXPIRE,
        fields=[secret("session_key", "session_data"), record("expire_date")],
    ),
    _reference("auth.Group", "id", "name"),
    _reference("auth.Permission", "id", "name", "content_type", "codename"),
    _reference("auth.Group_permissions", "id", "group", "permission"),
    _reference("contenttypes.ContentType", "id", "app_label", "model"),
]


def _nobody_special(row: dict[str, Any]) -> dict[str, Any]:
    """An archive makes nobody an operator."""
    return {**row, "is_staff": False, "is_superuser": False, "is_active": True}


DATA = AppData(
    tables=[
        Table(
            model="accounts.User",
            is_portable=True,
            on_import=_nobody_special,
            owner=Owner(person="id"),
            purpose="To know people again who sign in",
            kept=WITH_THE_PERSON,
            fields=[
                identity("email", "name"),
                secret("password", stand_in="!"),
                record("id", "last_login", "is_active", "is_staff", "is_superuser", "created_at"),
            ],
        ),
        Table(
            model="accounts.UnwantedMail",
            is_portable=True,
            owner=_OF_PERSON,
            purpose="To send people only the mails they want",
            kept=WITH_THE_PERSON,
            fields=[activity("kind"), record("id", "user")],
        ),
        Table(
            model="accounts.User_groups",
            owner=_OF_PERSON,
            purpose=_CONSOLE,
            kept=WITH_THE_PERSON,
            fields=[record("id", "user", "group")],
        ),
        Table(
            model="accounts.User_user_permissions",
            owner=_OF_PERSON,
            purpose=_CONSOLE,
            kept=WITH_THE_PERSON,
            fields=[record("id", "user", "permission")],
        ),
        Table(
            model="accounts.LoginRequest",
            owner=Owner(mailbox="email"),
            purpose=_SIGN_IN,
            kept=_QUESTIONS,
            fields=[
                identity("email"),
                access("ip", "device", "next_path"),
                secret("token_hash", "code_hash", "asker_hash", "invitation_hash"),
                record("id", "code_tries", "created_at", "expires_at", "used_at"),
            ],
        ),
        Table(
            model="accounts.Session",
            owner=_OF_PERSON,
            purpose=_SIGN_IN,
            kept=_SESSIONS,
            fields=[
                access("ip", "device"),
                activity("seen_at", "signed_in_at", "second_factor_at", "end_reason"),
                somebody_else("operator_id"),
                record("id", "user", "tenant_id", "created_at", "expires_at", "ended_at"),
            ],
        ),
        Table(
            model="accounts.RefreshToken",
            owner=Owner(person="session__user"),
            purpose=_SIGN_IN,
            kept=_SESSIONS,
            fields=[
                secret("token_hash", "successor_sealed"),
                record("id", "session", "parent", "created_at", "expires_at", "used_at"),
            ],
        ),
        Table(
            model="accounts.ApiKey",
            owner=Owner(tenant="tenant", person="created_by"),
            purpose="To let programs of a workspace in",
            kept=WITH_THE_TENANT,
            fields=[
                identity("name"),
                access("last_used_ip", "last_used_device"),
                actor("created_by"),
                secret("digest"),
                record("id", "tenant", "prefix", "last_four", "scopes", "created_at", "last_used_at"),
                record("networks", "requests_a_minute", "expires_at", "warned_days"),
                record("leaked_at", "revoked_at"),
            ],
        ),
        Table(
            model="accounts.Invitation",
            owner=Owner(tenant="tenant", mailbox="email"),
            purpose="To ask people to join a workspace",
            kept=_INVITATIONS,
            fields=[
                identity("email"),
                actor("invited_by", "accepted_by"),
                secret("token_hash"),
                record("id", "tenant", "role", "created_at", "sent_at", "expires_at"),
                record("accepted_at", "revoked_at"),
            ],
        ),
        Table(
            model="accounts.OutboxMail",
            owner=Owner(mailbox="recipient"),
            purpose="To send mails that must not be lost",
            kept=_MAILS,
            fields=[
                identity("recipient"),
                activity("kind", "subject", "sent_at"),
                # A waiting mail may carry a link that signs somebody in.
                secret("body_sealed"),
                record("id", "created_at", "due_at", "give_up_at", "tries", "error"),
            ],
        ),
        Table(
            model="accounts.SuppressedAddress",
            purpose="Not to mail an address that mail came back from, or whose reader objected",
            basis=Basis.INTEREST,
            kept=_SUPPRESSED,
            erasure=Erasure.EXPIRE,
            fields=[access("digest"), record("reason", "provider", "created_at")],
        ),
        Table(
            model="accounts.RateBucket",
            purpose=_SIGN_IN,
            basis=Basis.INTEREST,
            kept=_COUNTS,
            erasure=Erasure.EXPIRE,
            fields=[access("key"), record("id", "window", "count", "expires_at")],
        ),
        *_SECOND_FACTOR,
        *_DJANGO,
    ],
    caches=[
        CacheFamily(
            pattern="cutroom:limit:*",
            purpose=_SIGN_IN,
            category=Category.ACCESS,
            kept=Kept(text="at most a day"),
        ),
        CacheFamily(
            pattern="cutroom:plan:{tenant_id}",
            purpose="To know how many requests a tenant may make",
            category=Category.RECORD,
            kept=Kept(text="five minutes"),
        ),
    ],
    parties=[
        ThirdParty(
            name="Mail server",
            role="processor",
            purpose="To deliver sign-in links and notices, by SMTP, Amazon SES or SendGrid",
            receives=[Category.IDENTITY],
            region="chosen by the operator",
            setting="ACCOUNTS_MAIL_PROVIDER",
            erasure="mails already delivered are in the mailbox of their reader",
        ),
    ],
)
