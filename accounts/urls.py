"""URLs of the accounts app: /api/auth, /api/account, /api/team and the pages."""

from django.urls import path

from accounts import (
    account_api,
    acting_views,
    api,
    audit_api,
    audit_views,
    invite_api,
    invite_views,
    leak_api,
    mail_events,
    session_api,
    team_api,
    team_views,
    views,
    workspace_api,
    workspace_views,
)
from accounts.second_factor import api as second_factor_api
from accounts.second_factor import security_views as security
from accounts.second_factor import views as second_factor

auth_urlpatterns = [
    path("magic-link/request", api.RequestLinkAPI.as_view(), name="request-link"),
    path("magic-link/verify", api.VerifyAPI.as_view(), name="verify-link"),
    path("second-factor", second_factor_api.SecondFactorAPI.as_view(), name="second-factor"),
    path("refresh", api.RefreshAPI.as_view(), name="refresh"),
    path("logout", api.LogoutAPI.as_view(), name="logout"),
    path("leaked-keys", leak_api.LeakedKeysAPI.as_view(), name="leaked-keys"),
    path("me", session_api.MeAPI.as_view(), name="me"),
    path("tenants", workspace_api.WorkspacesAPI.as_view(), name="tenants"),
    path("switch-tenant", workspace_api.SwitchAPI.as_view(), name="switch-tenant"),
    path("sessions", session_api.SessionsAPI.as_view(), name="sessions"),
    path("sessions/<str:session>", session_api.SessionAPI.as_view(), name="session"),
]

account_urlpatterns = [
    path("rotate-api-key", account_api.RotateKeyAPI.as_view(), name="rotate-api-key"),
    path("api-keys", account_api.KeysAPI.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>", account_api.KeyAPI.as_view(), name="api-key"),
    path("audit", audit_api.AuditAPI.as_view(), name="audit"),
]

team_urlpatterns = [
    path("", team_api.TeamAPI.as_view(), name="team"),
    path("/members", team_api.MembersAPI.as_view(), name="members"),
    path("/members/<uuid:member_id>", team_api.MemberAPI.as_view(), name="member"),
    path("/leave", team_api.LeaveAPI.as_view(), name="leave"),
    path("/transfer", team_api.TransferAPI.as_view(), name="transfer"),
    path("/invites", invite_api.InvitesAPI.as_view(), name="invites"),
    path("/invites/accept", invite_api.AcceptInviteAPI.as_view(), name="accept-invite"),
    path("/invites/<uuid:invite_id>", invite_api.InviteAPI.as_view(), name="invite"),
    path("/invites/<uuid:invite_id>/resend", invite_api.ResendInviteAPI.as_view(), name="resend-invite"),
]

page_urlpatterns = [
    path("login", views.login, name="login"),
    path("login/link", views.use_link, name="use-link"),
    path("login/check", views.check_mail, name="check-mail"),
    path("login/code", views.use_code, name="use-code"),
    path("login/second-factor", second_factor.second_factor, name="second-factor"),
    path("logout", views.logout, name="logout"),
    path("account/confirm", second_factor.confirm_identity, name="confirm-identity"),
    path("account/confirm/mail", second_factor.mail_confirm_code, name="mail-confirm-code"),
    path("account/security", security.security, name="security"),
    path("account/security/app", security.add_app, name="add-app"),
    path("account/security/app/remove", security.remove_app, name="remove-app"),
    path("account/security/passkey", security.add_passkey, name="add-passkey"),
    path(
        "account/security/passkey/<uuid:passkey_id>/remove",
        security.remove_passkey,
        name="remove-passkey",
    ),
    path("account/security/codes", security.renew_codes, name="renew-codes"),
    path("account/security/rule", security.rule, name="second-factor-rule"),
    path("account/security/devices", security.end_other_devices, name="end-other-devices"),
    path("account/audit", audit_views.show, name="audit"),
    path("account/audit.csv", audit_views.download, {"kind": "csv"}, name="audit-csv"),
    path("account/audit.jsonl", audit_views.download, {"kind": "jsonl"}, name="audit-jsonl"),
    path("team", team_views.show, name="team"),
    path("team/name", team_views.rename, name="team-rename"),
    path("team/leave", team_views.leave, name="team-leave"),
    path("team/invites", team_views.invite, name="team-invite"),
    path("team/invites/<uuid:invite_id>/resend", team_views.resend_invite, name="team-resend"),
    path("team/invites/<uuid:invite_id>/revoke", team_views.revoke_invite, name="team-revoke"),
    path("team/members/<uuid:member_id>/role", team_views.change_role, name="team-role"),
    path("team/members/<uuid:member_id>/remove", team_views.remove, name="team-remove"),
    path("team/members/<uuid:member_id>/hand-over", team_views.hand_over, name="team-hand-over"),
    path("invite", invite_views.invite, name="invite"),
    path("invite/sign-in", invite_views.mail_sign_in, name="invite-sign-in"),
    path("workspaces", workspace_views.choose, name="workspaces"),
    path("workspaces/switch", workspace_views.switch, name="switch-workspace"),
    path("workspaces/new", workspace_views.found, name="found-workspace"),
    path("acting/stop", acting_views.stop, name="stop-acting"),
    path("account/mail-again", views.mail_again, name="mail-again"),
    path("mail/events", mail_events.receive, name="mail-events"),
    path("dev/mail", views.dev_mail, name="dev-mail"),
]
