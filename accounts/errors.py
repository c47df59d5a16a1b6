"""Refusals of the accounts app."""

from cutroom.errors import Conflict, DomainError, NotAuthenticated, PermissionDenied


class LinkInvalid(DomainError):
    """No such link, or a code that does not fit."""

    code = "link-invalid"
    title = "This sign-in link is not valid. Ask for a new one."


class LinkExpired(DomainError):
    """The link is older than its life."""

    code = "link-expired"
    title = "This sign-in link has expired. Ask for a new one."


class LinkUsed(DomainError):
    """The link was used, or a newer one replaced it."""

    code = "link-used"
    title = "This sign-in link was already used. Ask for a new one."


class KeyInAddress(DomainError):
    """An API key stood in the address, where logs and histories keep it. It counts as leaked from now on."""

    code = "key-in-address"
    title = "API keys do not belong into addresses. Send the key as `Authorization: Bearer <key>`."


class ForeignNetwork(PermissionDenied):
    """The API key may be used from certain networks only, and this request came from another."""

    code = "foreign-network"
    title = "This API key may not be used from here"


class SessionEnded(NotAuthenticated):
    """The session behind a token is over."""

    code = "session-ended"
    title = "This session has ended. Sign in again."


class BadCredentials(NotAuthenticated):
    """A token or key that does not verify."""

    code = "bad-credentials"
    title = "These credentials are not valid."


class ForeignOrigin(PermissionDenied):
    """A cookie route was called from another site, or without the header that proves a script of ours."""

    code = "foreign-origin"
    title = "Call this from the site itself, with the header X-Requested-With."


class NotWhileActing(PermissionDenied):
    """An operator who acts as a member may not pay, make keys, change people, export or delete."""

    code = "not-while-acting"
    title = "Not while you act as somebody else. Stop first; the console may have a deed for this."


class NoWorkspace(PermissionDenied):
    """The person belongs to no workspace that is open to them."""

    code = "no-workspace"
    title = "You are not a member of this workspace, or it is closed."


class SecondFactorRequired(PermissionDenied):
    """The link or code was right, and this person has a second factor: answer `challenge` with it.

    `methods` names what they have; `passkey` holds the options for navigator.credentials.get(), if any.
    """

    code = "second-factor-required"
    title = "One step left: your second factor."


class SecondFactorRefused(DomainError):
    """The code or passkey does not fit, or this code was used before."""

    code = "second-factor-refused"
    title = "That did not work. Check the code and the clock of your device, and try again."


class ChallengeOver(DomainError):
    """The challenge was answered, is older than 10 minutes, or had five wrong answers."""

    code = "challenge-over"
    title = "This took too long, or was tried too often. Start again."


class SecondFactorMissing(PermissionDenied):
    """The workspace asks its members for a second factor; go to `url` in a browser to add or show yours."""

    code = "second-factor-missing"
    title = "This workspace asks for a second factor."


class RecentSignInRequired(PermissionDenied):
    """A weighty deed by a session that proved itself too long ago: confirm at `url`, or sign in again."""

    code = "recent-sign-in-required"
    title = "Confirm that it is you: this needs a recent sign-in."


class FactorExists(Conflict):
    """There is an authenticator app already, or as many passkeys as one person may have."""

    code = "factor-exists"
    title = "Remove the present one first."


class InvitationInvalid(DomainError):
    """No such invitation, or a newer mail replaced this one."""

    code = "invitation-invalid"
    title = "This invitation is not valid. A newer mail may have replaced it."


class InvitationExpired(DomainError):
    """The invitation is older than its life."""

    code = "invitation-expired"
    title = "This invitation has expired. Ask for a new one."


class InvitationUsed(DomainError):
    """Somebody has joined with it already; it works once."""

    code = "invitation-used"
    title = "This invitation was already used."


class InvitationRevoked(DomainError):
    """An admin took the invitation back."""

    code = "invitation-revoked"
    title = "This invitation was taken back."


class InvitationForAnother(PermissionDenied):
    """An invitation is bound to the address it was mailed to, and the caller has another."""

    code = "invitation-for-another"
    title = "This invitation is for another address. Sign in with that one."


class AlreadyMember(Conflict):
    """The invited person is a member already; change their role instead."""

    code = "already-member"
    title = "This person is a member already"


class AlreadyInvited(Conflict):
    """The address has an open invitation; send that one again, or take it back."""

    code = "already-invited"
    title = "This address has an open invitation"
