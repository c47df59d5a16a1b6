"""Mail in development: on the console, and in files that /dev/mail shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend as ConsoleBackend
from django.core.mail.backends.filebased import EmailBackend as FileBackend

from accounts import conf


class DevelopmentBackend(ConsoleBackend):
    """Prints each mail and keeps it under var/mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.files = FileBackend(file_path=str(conf.mail_dir()), fail_silently=self.fail_silently)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send to both places."""
        self.files.send_messages(email_messages)
        return super().send_messages(email_messages) or 0
