"""Names in questions: which are put in the articles' words, and which are left as they were typed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.local import LocalStore
from index.store import Names
from qa.wording import Named, Wording, phrases, word

ARTICLES = {
    "a": "The Inland Tugmen (IT) struck in Marrokesh on Monday. Pilots of Kolmar and divers of Vessen joined the "
    "Inland Tugmen there. The Ferrant Bridge was closed, said Ilse Brandt.",
    "b": "Marokesh was quiet on Tuesday. Divers of Vessen came to the Ferrant Bridge from Kolmar, said Ilse Brandt. The"
    " guild, known to many as Skarra, was away. Skarra (another name for the Inland Tugmen) sent it.",
}


@pytest.fixture
def aliases(indexed: Callable[[dict[str, str]], Path]) -> Iterator[Names]:
    texts = {f"{name}.txt": f"News\n\n{text}\n" for name, text in ARTICLES.items()}
    with LocalStore(indexed(texts)).snapshot() as snapshot:
        yield snapshot.names


@pytest.mark.parametrize("name", ["the Inland Tugmen", "Skarra", "IT"])
def test_every_name_of_a_thing_is_put_as_most_articles_put_it(aliases: Names, name: str) -> None:
    usual = word(f"When did {name} strike?", aliases).usual
    assert usual.replace("the ", "") == "When did Inland Tugmen strike?"


def test_initials_are_put_in_words_where_an_article_has_words_for_them() -> None:
    named = Named(4, 6, ("IT", "I.T.", "Inland Tugmen", "Skarra"))  # most articles write the initials
    assert Wording("Did IT strike?", (named,)).usual == "Did Inland Tugmen strike?"
    assert Wording("Did IT strike?", (Named(4, 6, ("IT", "I.T.")),)).usual == "Did IT strike?"


@pytest.mark.parametrize("typed", ["Marrokesh", "Marokesh", "Marokeesh", "Al-Marokesh", "MAROKESH"])
def test_a_passage_is_asked_in_its_own_spelling(aliases: Names, typed: str) -> None:
    wording = word(f"Who struck in {typed}?", aliases)
    assert wording.as_in(ARTICLES["a"]) == "Who struck in Marrokesh?"
    assert wording.as_in(ARTICLES["b"]) == "Who struck in Marokesh?"


@pytest.mark.parametrize(
    "question",
    [
        "When did it strike?",
        "WHAT IS IT?",
        "Who is Ilse Brandt?",
        "Where is the Ferrant Bridge?",
        "What is the capital of Peru?",
        "?",
        "’s ’s",
    ],
)
def test_a_question_without_such_names_is_left_as_it_is(aliases: Names, question: str) -> None:
    wording = word(question, aliases)
    assert wording.named == ()
    assert wording.usual == wording.as_in(ARTICLES["a"]) == question


@pytest.mark.parametrize(
    "question", ["What does Skarra mean?", "What is another name for Skarra?", "Who are Skarra?", "What is “Skarra”?"]
)
def test_who_asks_about_the_name_is_not_given_another(aliases: Names, question: str) -> None:
    assert word(question, aliases).usual == question


def test_a_name_that_reads_as_a_word_is_used_only_at_a_pinch(aliases: Names) -> None:
    wording = word("When did Skarra strike?", aliases)
    assert wording.as_in("IT, IT and IT: Inland Tugmen.") == "When did Inland Tugmen strike?"
    assert wording.as_in("Then IT struck.") == "When did IT strike?"
    assert wording.as_in("Nobody struck.") == "When did Skarra strike?"


def test_short_forms_are_searched_with_points_and_without() -> None:
    assert phrases(["S.D.F.", "Deir ez-Zor", "IS"]) == ["s d f", "sdf", "deir ez zor", "i s"]


def test_a_name_within_a_longer_one_does_not_count() -> None:
    wording = Wording("How far is Qaim?", (Named(11, 15, ("Qaim", "al-Qaim", "Q")),))
    assert wording.as_in("They entered al-Qaim. They left al-Qaim.") == "How far is al-Qaim?"
