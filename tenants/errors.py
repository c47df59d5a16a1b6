"""Refusals of the tenants app."""

from cutroom.errors import Conflict, DomainError, PermissionDenied


class NoTenantInContext(RuntimeError):
    """Tenant rows were asked for outside a tenant context: always a bug, so never a DomainError."""


class TenantSuspended(PermissionDenied):
    """The tenant is suspended or being deleted; reading and signing out remain possible."""

    code = "tenant-suspended"
    title = "This workspace is suspended"


class InsufficientScope(PermissionDenied):
    """The API key lacks the scope that `scope` names; an admin can make a key that has it."""

    code = "insufficient-scope"
    title = "This API key may not do that"


class TenantFrozen(PermissionDenied):
    """The workspace is to be deleted: until then it can be looked at, exported and kept, not changed."""

    code = "tenant-frozen"
    title = "This workspace is to be deleted and cannot be changed until then"


class LastAdmin(Conflict):
    """Nobody would be left who can manage the workspace. Make somebody else an admin first."""

    code = "last-admin"
    title = "This is the last admin of the workspace. Make somebody else an admin first."


class IdempotencyMismatch(DomainError):
    """The key was used before with another request."""

    code = "idempotency-mismatch"
    status = 422
    title = "This Idempotency-Key belongs to a different request"


class IdempotencyInFlight(Conflict):
    """The first request with this key has not finished."""

    code = "idempotency-in-flight"
    title = "The first request with this Idempotency-Key is still running"

    retry_after = 1


class RangeNotSatisfiable(DomainError):
    """A Range header that asks for bytes the file does not have."""

    code = "range-not-satisfiable"
    status = 416
    title = "The file has no such bytes"


class TooManyEndpoints(Conflict):
    """The tenant has as many webhook endpoints as it may."""

    code = "too-many-endpoints"
    title = "There are as many endpoints as there may be; delete one first"


class AuditChainBroken(RuntimeError):
    """The audit chain does not verify at entry `sequence`; `audit_verify` says how. Never an answer."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        super().__init__(f"audit entry {sequence} does not verify")


class TenantErased(Conflict):
    """Something was to be stored for a tenant that no longer exists."""

    code = "tenant-erased"
    title = "This workspace was erased"
