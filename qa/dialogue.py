"""Make a follow-up question stand alone with what was said before.

Knows the conversation. Never knows the index.
"""

import re
from collections.abc import Sequence

Turn = tuple[str, str | None]
"""An earlier question and the text that answered it, or None where it was declined."""

_PERSON = re.compile(r"\b(he|she|him)\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"\b(it|its|they|them|their|his|her|he|she|him|that|this|those|these|there|then)\b", re.IGNORECASE
)
_CONTINUES = re.compile(r"^\s*(and|but|or|so|what about|how about)\b", re.IGNORECASE)
_BARE = re.compile(r"^\s*(why|when|where|how|who|how many|how much|since when|what else)\s*\?*\s*$", re.IGNORECASE)
_NAME = re.compile(r"[A-Z][\w.'’-]*(?:\s+(?:al-|el-|of |the )?[A-Z][\w.'’-]*)*")
_QUESTION_WORDS = re.compile(
    r"^\s*(who|what|when|where|which|why|whose|how(?: many| much| long| far| old)?)\s+"
    r"(?:(?:is|are|was|were|did|does|do|has|have|had)\s+)?",
    re.IGNORECASE,
)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question as it would be asked by someone who begins with it.

    A pronoun for a person becomes the last answer if that is a name. Any other reference
    back, an opening "And", or a bare "Why?" takes the earlier question's topic along. A
    question that refers to nothing is returned as it is.
    """
    if not history or not refers_back(question):
        return question
    last_question, last_answer = history[-1]
    if last_answer and _PERSON.search(question) and _NAME.fullmatch(last_answer.strip()):
        return _PERSON.sub(last_answer.strip(), question, count=1)
    topic = _QUESTION_WORDS.sub("", standalone(last_question, history[:-1])).rstrip(" ?")
    return f"{_CONTINUES.sub('', question).strip().rstrip(' ?')} ({topic})?"


def refers_back(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    if _CONTINUES.search(question) or _BARE.match(question):
        return True
    reference = _REFERENCE.search(question)
    # "Did Assad say that he would stay?" brings the name its pronoun stands for; the first word is no name.
    return reference is not None and not _NAME.search(question[: reference.start()].partition(" ")[2])
