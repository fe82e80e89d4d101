"""Put each question's answers and judgements side by side."""

from collections.abc import Iterable, Mapping

from tsugiki.report.data import ArmAnswer, Question
from tsugiki.rows import Answer, Chat
from tsugiki.score.rows import Judgement
from tsugiki.score.score import references


def questions(
    chats: Iterable[Chat], answers: Mapping[str, Iterable[Answer]], judgements: Iterable[Judgement]
) -> tuple[Question, ...]:
    """Every judged question in the order of the chats, with the first sample of each arm.

    Args:
        chats: the questions and their references.
        answers: each arm's answers, by its name.
        judgements: of every sample of every arm.
    """
    judged = {(row.arm, row.id): row for row in judgements if row.sample == 0}
    texts = {(arm, row.id): row.text for arm, rows in answers.items() for row in rows if row.sample == 0}
    found = []
    for chat in chats:
        by_arm = {
            arm: ArmAnswer(texts[arm, chat.id], row.exact, row.contained, row.finish)
            for arm in answers
            if (row := judged.get((arm, chat.id))) is not None
        }
        if by_arm:
            found.append(Question(chat.id, asked(chat), references(chat), chat.split, chat.domain, by_arm))
    return tuple(found)


def asked(chat: Chat) -> str:
    """The last thing the user said."""
    return next((message.content for message in reversed(chat.messages) if message.role == "user"), "")
