"""Who asks a wiki, and how hard: what its operators see of a crawl."""

import re
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from tsugiki.config import Config

_MAIL = re.compile(r"[^@\s()<>]+@[^@\s()<>]+\.[^@\s()<>.]+")
_PAGE = re.compile(r"https?://[^\s()<>/]+\.[^\s()<>]+")
_HOST = re.compile(r"(?:.*@|https?://)([^/:]+)")
_PLACEHOLDER = re.compile(
    r"(?:.+\.)?(?:example(?:\.[^.]+){1,2}|your[.-]?domain(?:\.[^.]+){0,2}|[^.]+\.example)", re.IGNORECASE
)
"""Hosts that documentation uses for those of its readers, this one's included."""


class ApiConfig(Config):
    """Which API is asked, by whom, and how hard."""

    # who asks, and how patiently, changes nothing of what is answered
    neutral: ClassVar[tuple[str, ...]] = ("contact", "requests_per_minute", "maxlag_seconds", "patience_minutes")

    api: str
    """URL of the wiki's Action API (`https://ja.wikipedia.org/w/api.php`)."""
    contact: str
    """Mail address or web page at which the wiki's operators reach whoever runs this; sent with every request."""
    requests_per_minute: float = Field(gt=0)
    """Most requests a minute, one at a time. Wikimedia's wikis admit 200 from those who say who they are."""
    maxlag_seconds: int = Field(ge=1)
    """Lag of the wiki's databases, in seconds, from which on it is left alone; Wikimedia asks for 5."""
    patience_minutes: float = Field(gt=0)
    """How long one request is tried again before the crawl gives up, its state saved."""

    @model_validator(mode="after")
    def _says_who_asks(self) -> Self:
        address = urlsplit(self.api)
        if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
            raise ValueError(f"api {self.api!r} is no URL of an API: give it as https://ja.wikipedia.org/w/api.php")
        if not (self.contact.isascii() and (_MAIL.fullmatch(self.contact) or _PAGE.fullmatch(self.contact))):
            raise ValueError(
                f"contact {self.contact!r} is no mail address and no URL: a wiki's operators must be able to reach "
                "you; state yours with make … CONTACT=MAIL_OR_URL, or in the recipe"
            )
        if (host := _HOST.match(self.contact)) and _PLACEHOLDER.fullmatch(host[1]):
            raise ValueError(f"contact {self.contact!r} reaches nobody: give your own")
        return self
