"""The answers of a wiki, each kept as it comes, so that a crawl that was cut off asks for nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

from tsugiki.errors import OutOfTime
from tsugiki.journal import Journal
from tsugiki.wiki.api.client import Client, Unanswered
from tsugiki.wiki.api.config import ApiConfig
from tsugiki.wiki.api.rest import Rest
from tsugiki.wiki.api.verdict import Again
from tsugiki.work import Work

SEGMENT_BYTES = 256 * 1024
"""A batch of pages is about as long, so that each is uploaded once."""


class Answers:
    """What was answered, by request; what was not is asked now.

    Calling it with the parameters of a request gives the answer. Leave it as a context manager, so that everything
    answered is durable beyond this machine however the work ends.
    """

    def __init__(self, config: ApiConfig, work: Work) -> None:
        self._work = work
        self._journal = Journal(work, "answers", SEGMENT_BYTES)
        self._config = config
        self._rest = Rest(work)
        self.client = Client(config, self._wait, known=len(self._journal) > 0, pausing=self._pausing)
        self.used = 0
        """Answers used so far, those of earlier attempts included."""
        self.times: tuple[str, ...] = ()
        """The wiki's own time at the first and at the last of these answers."""
        self.warnings: set[str] = set()
        """What the wiki had to remark about the requests."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._journal.save()

    def __len__(self) -> int:
        """How many requests were answered, by this attempt and those before it."""
        return len(self._journal)

    def __call__(self, params: Mapping[str, str]) -> dict[str, Any]:
        """The answer to one request.

        Raises:
            BadInput: the API refuses it.
            Unanswered: no answer within the patience.
            Preempted: told to stop.
        """
        key = urlencode(sorted(params.items()))
        answer: dict[str, Any]
        if key in self._journal:
            answer = self._journal[key]
        else:
            self._check()
            self._let_rest()
            answer = self.client.ask(params)
            self._journal.append({key: answer})
        self._note(answer)
        return answer

    def _note(self, answer: dict[str, Any]) -> None:
        self.used += 1
        if now := answer.get("curtimestamp"):
            first, last = self.times or (now, now)
            self.times = min(first, now), max(last, now)
        for name, remark in answer.get("warnings", {}).items():
            if name != "result":  # it was cut off, and the rest is asked for
                self.warnings.add(f"{name}: {remark.get('warnings', remark)}")

    def _let_rest(self) -> None:
        """Wait until the time is over for which the wiki asked an earlier attempt to leave it alone."""
        seconds = self._rest.seconds
        if seconds > self._config.patience_minutes * 60:
            raise Unanswered(
                f"{self._config.api} asked to be left alone until {self._rest.end}, which is beyond patience_minutes = "
                f"{self._config.patience_minutes:g}: nothing was asked; the same command goes on after that"
            )
        if seconds > 0:
            self._work.say(f"{self._config.api} asked to be left alone until {self._rest.end}: waiting")
            self._wait(seconds)

    def _pausing(self, why: Again, seconds: float) -> None:
        self._work.say(f"{why.detail}; to be asked again in {seconds:.0f} s")
        if why.after > 0:
            self._rest.begin(why.after)

    def _wait(self, seconds: float) -> None:
        self._journal.save_before(seconds)
        self._work.stop.wait(min(seconds, max(0.0, self._work.seconds_left)))
        self._check()

    def _check(self) -> None:
        """Leave when told to, or when the time is up."""
        self._work.check_stop()
        if self._work.seconds_left <= 0:
            raise OutOfTime("the time limit is reached; what was answered is saved, and the same command goes on")
