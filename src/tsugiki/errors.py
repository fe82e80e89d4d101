"""The ways a stage ends early, each with the exit code that the runner and Argo's retry rule read."""

DONE = 0
FAILED = 1
BAD_INPUT = 2
PREEMPTED = 75
OUT_OF_TIME = 124
"""As `timeout` of coreutils says it."""


class TsugikiError(Exception):
    """Base of every error whose message is meant for the user: one line, the offending value, what to do."""

    exit_code = FAILED


class BadInput(TsugikiError):
    """The input or the configuration cannot work, so that running again would end the same way."""

    exit_code = BAD_INPUT


class GateFailed(TsugikiError):
    """A check that no run may skip did not hold, so that what was computed must not be used."""

    exit_code = BAD_INPUT


class Preempted(TsugikiError):
    """The run was told to stop and has saved its state: the same command resumes it."""

    exit_code = PREEMPTED


class OutOfTime(Preempted):
    """The time limit is reached and the state is saved: nothing retries it by itself, the same command resumes it."""

    exit_code = OUT_OF_TIME
