"""Make a follow-up question stand alone with what was said before."""

from qa.dialogue.references import refers_back
from qa.dialogue.rewriting import Turn, standalone

__all__ = ["Turn", "refers_back", "standalone"]
