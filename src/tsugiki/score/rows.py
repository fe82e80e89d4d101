"""The row type of judged answers."""

from tsugiki.rows import Finish, Row, Split


class Judgement(Row):
    """One judged sample of one arm."""

    id: str
    """The chat's id."""
    arm: str
    sample: int
    """0-based index among the samples of this chat."""
    fact: str
    """The chat's fact: the unit that intervals resample."""
    split: Split
    domain: str
    exact: bool
    contained: bool
    finish: Finish
