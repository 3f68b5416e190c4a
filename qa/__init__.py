"""Questions in, cited answers out."""

from index.errors import CorpusError, InputError, ModelError, QAError
from qa.answer import Alternative, Answer, Citation, NoAnswer
from qa.pipeline import QuestionAnswerer, answer

__all__ = [
    "Alternative",
    "Answer",
    "Citation",
    "CorpusError",
    "InputError",
    "ModelError",
    "NoAnswer",
    "QAError",
    "QuestionAnswerer",
    "answer",
]
