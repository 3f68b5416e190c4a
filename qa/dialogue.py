"""Make a follow-up question stand alone with what was said before.

Knows the conversation. Never knows the index.
"""

import re
from collections.abc import Sequence

Turn = tuple[str, str | None]
"""An earlier question and the text that answered it, or None where it was declined."""

_PERSON = re.compile(r"\b(he|she|him)\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"""
      \b(?: it | its | they | them | their | his | her | he | she | him | this | these | those | there | then )\b
    | (?: ^ | [.!?,] \s+ ) that\b | \bthat\b (?= ['’]s\b | \s* (?: [.!?,;] | $ ) )
    | \b(?: is | was | did | does | do | has | had | will | would | can | could | in | of | at | on | for | from | to
          | by | with | about | after | before | during | since | than | like | near | into ) \s+ that\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_INNOCENT = re.compile(
    r"""
      \b(?: is | was )\s it \s (?: \w+ \s )? (?: that | whether | if )\b          # is it true that ...
    | \bit \s (?: possible | impossible | necessary | important | safe ) \s (?: to | for )\b
    | \bit \s (?: take | cost ) \s (?: \S+ \s ){0,4}? to\b                        # how long did it take to ...
    | \b(?: is | are | was | were | be | been ) \s there\b (?= \s \w )
    | \bthere \s (?: is | are | was | were | has | have | had | will | be | been )\b
    | \bthose \s (?: who | that | in | of | from )\b
    | \bthis \s (?: week | month | year | morning | summer | winter )\b
    | \bthen -
    | \b(?: the | a | an | which ) \s (?: \S+ \s ){1,4}? (?: say | says | said | claim | claimed ) \s (?: that \s )?
      (?: it | they | he | she )\b                                                # why did the army say it ...
    | ^(?: which | how \s many ) \s (?!of\b) \w+ \s (?: have \s | has \s | had \s )?
      (?! (?: is | are | was | were | did | does | do ) \b ) \w+ \s
      (?: its | their | his | her )\b                                            # which group lost its ...
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words of reference that refer to nothing said before."""

_CONTINUES = re.compile(r"^\s*(and|but|or|so|what about|how about)\b(?!-)", re.IGNORECASE)
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
    if last_answer and _PERSON.search(question) and " " in last_answer.strip() and _NAME.fullmatch(last_answer.strip()):
        return _PERSON.sub(last_answer.strip(), question, count=1)
    topic = _QUESTION_WORDS.sub("", standalone(last_question, history[:-1])).rstrip(" ?")
    return f"{_CONTINUES.sub('', question).strip().rstrip(' ?')} ({topic})?"


def refers_back(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    if _CONTINUES.search(question) or _BARE.match(question):
        return True
    question = _INNOCENT.sub("", " ".join(question.split()))
    reference = _REFERENCE.search(question)
    # "Did Assad say that he would stay?" brings the name its pronoun stands for; the first word is no name.
    return reference is not None and not _NAME.search(question[: reference.start()].partition(" ")[2])
