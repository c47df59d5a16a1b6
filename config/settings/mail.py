"""Mail: by SMTP, by Amazon SES or by SendGrid. Development and tests send nothing."""

from typing import Any

from config.settings.environment import env

_BACKENDS = {
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
    "ses": "anymail.backends.amazon_ses.EmailBackend",
    "sendgrid": "anymail.backends.sendgrid.EmailBackend",
}

MAGIC_LINK_FROM = env.str("MAGIC_LINK_FROM")
DEFAULT_FROM_EMAIL = MAGIC_LINK_FROM
EMAIL_CONFIG: dict[str, Any] = env.email_url("EMAIL_URL", default="smtp://localhost:25")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
ACCOUNTS_DKIM_SELECTOR = env.str("MAIL_DKIM_SELECTOR", default="")
ACCOUNTS_MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="smtp")
EMAIL_BACKEND = _BACKENDS.get(ACCOUNTS_MAIL_PROVIDER, EMAIL_CONFIG["EMAIL_BACKEND"])

ANYMAIL: dict[str, Any] = {
    "REQUESTS_TIMEOUT": (3, 10),
    "WEBHOOK_SECRET": env.str("MAIL_WEBHOOK_SECRET", default=""),
    "SENDGRID_API_KEY": env.str("SENDGRID_API_KEY", default=""),
    # Their click tracking would rewrite sign-in links and so pass them through a third party.
    "SENDGRID_SEND_DEFAULTS": {"track_clicks": False, "track_opens": False},
    "AMAZON_SES_CLIENT_PARAMS": {"region_name": env.str("AWS_REGION", default="eu-central-1")},
}
if _key := env.str("SENDGRID_WEBHOOK_KEY", default=""):
    ANYMAIL["SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"] = _key
if _set := env.str("SES_CONFIGURATION_SET", default=""):
    ANYMAIL["AMAZON_SES_CONFIGURATION_SET_NAME"] = _set
