"""Make a follow-up question stand alone with what was said before."""

from qa.dialogue.rewriting import Turn, refers_back, standalone

__all__ = ["Turn", "refers_back", "standalone"]
