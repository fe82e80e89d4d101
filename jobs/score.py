"""Stage: accuracy of every arm, with intervals and paired differences."""

import json

from pydantic import Field

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.errors import BadInput
from tsugiki.kinds import Answers, Chats, Scores
from tsugiki.score.config import ScoreConfig
from tsugiki.stage import Resources, stage


class ArmsConfig(ScoreConfig):
    """How answers are scored, and what the arms are called."""

    arms: tuple[str, ...] = Field(min_length=1)
    """Name of each arm, in the order of the answers."""


@stage(image="data", resources=Resources(cpus=1, memory_gb=4, disk_gb=10, hours=1))
def score(out: Scores, chats: Chats, answers: tuple[Answers, ...], config: ArmsConfig) -> Metrics:
    """Judge every answer and compare the arms on the same questions."""
    from tsugiki.rowfile import RowWriter
    from tsugiki.score.score import score as judge

    if len(config.arms) != len(answers):
        raise BadInput(
            f"{len(config.arms)} arms are named ({', '.join(config.arms)}) for {len(answers)} sets of answers: "
            "name each set once"
        )
    # a question that one arm could not be asked is asked of none, so that all are compared on the same ones
    aside = {row.source for item in answers for row in item.rejected()}
    asked = [chat for chat in chats.of(*answers[0].record.config["splits"]) if chat.id not in aside]
    arms = {
        name: (row for row in item.rows() if row.id not in aside)
        for name, item in zip(config.arms, answers, strict=True)
    }
    result = judge(arms, asked, config)
    figures = json.dumps(result.scores.to_json(), ensure_ascii=False, indent=1)
    (out.path / "scores.json").write_text(figures, encoding="utf-8")
    with RowWriter(out.path, "judgements") as judgements:
        for row in result.judgements:
            judgements.write(row)
    return {"judgements": judgements.count, "questions": len(asked), "unanswered": len(aside)}


if __name__ == "__main__":
    main(score)
