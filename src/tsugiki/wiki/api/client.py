"""One polite client of a wiki's Action API: serial, paced, compressed, patient, and known by name."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit

from tsugiki.errors import BadInput, TsugikiError
from tsugiki.wiki.api.config import ApiConfig
from tsugiki.wiki.api.verdict import Again, Response, judge

if TYPE_CHECKING:
    from urllib3 import PoolManager

Params = Mapping[str, str]
"""Parameters of one request, without those that every request has."""

_COMMON = {"format": "json", "formatversion": "2", "curtimestamp": "1"}
FIRST_PAUSE = 1.0
"""Seconds before the first repetition; each further one waits twice as long."""
LONGEST_PAUSE = 120.0
CONNECT_SECONDS = 30.0
READ_SECONDS = 120.0
STRANGER_SECONDS = 10.0
"""Patience with a URL that never answered and that no connection leads to: most likely it is wrong."""
MOST_BYTES = 64 * 1024 * 1024
"""Longest answer taken, decompressed. MediaWiki's own limit is 8 MiB of values."""


_UNREACHED = "no_connection"
"""The name is unknown, or nothing listens there."""


class Unanswered(TsugikiError):
    """The wiki did not answer within the configured patience."""


def _unnoticed(_why: Again, _seconds: float) -> None:
    """Tell nobody of a pause."""


class Client:
    """Asks one API, one request at a time.

    Every request names its sender, accepts gzip, keeps the configured distance from the one before and lets the wiki
    refuse it while its databases lag. What fails for now is repeated, after the time the wiki asks for, else after
    times that double.
    """

    def __init__(
        self,
        config: ApiConfig,
        wait: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        known: bool = False,
        pausing: Callable[[Again, float], None] = _unnoticed,
    ) -> None:
        """A client.

        Args:
            config: who asks which API how patiently.
            wait: waits so many seconds.
            clock: tells the time.
            known: whether this URL has answered before.
            pausing: told why a request is asked again, and in how many seconds, before the wait or the giving up.
        """
        self._config = config
        self._wait = wait
        self._known = known
        self._pausing = pausing
        self._clock = clock
        self._next = clock()
        self._pool: PoolManager | None = None
        self.answered = 0
        self.bytes = 0
        """Bytes of the answers, as they came over the line."""
        self.repeated: Counter[str] = Counter()
        """Requests that had to be repeated, by reason."""

    def ask(self, params: Params) -> dict[str, Any]:
        """The JSON object that answers one request.

        Raises:
            BadInput: the API refuses the request, or is none.
            Unanswered: no answer within the patience.
        """
        began, pause = self._clock(), FIRST_PAUSE
        while True:
            answer = self._once(params)
            if not isinstance(answer, Again):
                self.answered += 1
                self._known = True
                return answer
            self.repeated[answer.reason] += 1
            seconds = max(answer.after, pause)
            self._pausing(answer, seconds)
            self._check_patience(answer, self._clock() - began, seconds)
            self._wait(seconds)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _check_patience(self, why: Again, passed: float, seconds: float) -> None:
        if passed + seconds > self._config.patience_minutes * 60:
            raise Unanswered(
                f"{why.detail}; it would be asked again in {seconds:.0f} s, which is beyond patience_minutes = "
                f"{self._config.patience_minutes:g}; what was answered is kept, and the same command goes on"
            )
        if why.reason == _UNREACHED and not self._known and passed + seconds > STRANGER_SECONDS:
            raise Unanswered(f"{why.detail}; it never answered: check api, and whether this machine gets there")

    def close(self) -> None:
        """Let go of the connection."""
        if self._pool is not None:
            self._pool.clear()

    def _once(self, params: Params) -> dict[str, Any] | Again:
        import urllib3

        self._keep_distance()
        common = {**_COMMON, "maxlag": str(self._config.maxlag_seconds)}
        try:
            response = self._send(f"{self._config.api}?{urlencode({**params, **common})}")
        except urllib3.exceptions.HTTPError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise BadInput(f"{self._config.api}: its certificate is not trusted here ({error})") from error
            reason = _UNREACHED if isinstance(error, urllib3.exceptions.NewConnectionError) else "connection"
            return Again(reason, f"{self._config.api}: no whole answer came ({error})")
        return judge(self._config.api, response, known=self._known)

    def _keep_distance(self) -> None:
        """Wait until the next request is due."""
        early = self._next - self._clock()
        if early > 0:
            self._wait(early)
        self._next = self._clock() + 60 / self._config.requests_per_minute

    def _send(self, url: str) -> Response:
        from urllib3 import Timeout
        from urllib3.exceptions import ProtocolError

        if self._pool is None:
            self._pool = _pool(self._config)
        response = self._pool.request(
            "GET",
            url,
            preload_content=False,
            redirect=False,
            retries=False,
            timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )
        body = response.read(MOST_BYTES + 1, decode_content=True)
        self.bytes += response.tell()
        if len(body) > MOST_BYTES:
            response.close()
            raise ProtocolError(f"an answer of more than {MOST_BYTES} bytes")
        response.release_conn()
        return Response(response.status, response.headers, body)


def user_agent(contact: str) -> str:
    """The name under which a client asks: product and version, contact, library and version."""
    return f"tsugiki/{version('tsugiki')} ({contact}) urllib3/{version('urllib3')}"


def _pool(config: ApiConfig) -> PoolManager:
    """One connection that is kept, by the proxy that the environment names for this host, if it does."""
    from urllib.request import getproxies, proxy_bypass

    from urllib3 import PoolManager, ProxyManager, make_headers
    from urllib3.util import parse_url

    headers = {"User-Agent": user_agent(config.contact), "Accept-Encoding": "gzip"}
    address = urlsplit(config.api)
    proxy = getproxies().get(address.scheme)
    if not proxy or proxy_bypass(address.netloc):
        return PoolManager(maxsize=1, headers=headers)
    password = parse_url(proxy).auth
    of_proxy = make_headers(proxy_basic_auth=unquote(password)) if password else None
    return ProxyManager(proxy, maxsize=1, headers=headers, proxy_headers=of_proxy)
