"""What can go wrong, as one tree, so that every face reports it the same way.

QAError                 anything this project reports on purpose: one line for a person
├── InputError          what was given cannot be used: a path, a file, a question, an option
├── ModelError          a model is missing, damaged, or of the wrong kind
└── CorpusError         an index is missing, damaged, locked, or built with another embedder
"""


class QAError(Exception):
    """Something was wrong that the user can mend; the message says what, where, and how."""


class InputError(QAError):
    """What was given cannot be used: a path, a file, a question or an option."""


class ModelError(QAError):
    """A model is missing, damaged, or of the wrong kind."""


class CorpusError(QAError):
    """An index is missing, damaged, locked, or was built with another embedder."""
