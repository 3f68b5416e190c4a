"""What the list of disagreements shows, on two articles that differ and two that do not."""

from collections.abc import Callable
from types import ModuleType

import pytest

from index.build import build
from index.embedder import Embedder
from qa import QuestionAnswerer

ARTICLES = {
    "gazette.txt": "The lighthouse of Port Amber is 41 metres high. It was opened by Edda Quist.",
    "planet.txt": "The lighthouse of Port Amber is 135 feet high. Its lamp is new.",
    "mirror.txt": "The lighthouse of Port Amber, which is 62 metres high, was closed on Monday.",
    "bridge.txt": "Tallow Bay was flooded last night on Sunday. 12 people were injured in Tallow Bay.",
}
HIGH = "How high is the lighthouse of Port Amber?"
OPENED = "Who opened the lighthouse of Port Amber?"


@pytest.fixture(scope="module")
def evidence(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("evidence")


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> QuestionAnswerer:
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "articles").mkdir()
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(text, encoding="utf-8")
    build([folder / "articles"], folder / "index", embedder)
    return QuestionAnswerer.open(folder / "index")


def test_each_disagreement_is_shown_with_both_sentences_and_articles(
    evidence: ModuleType, qa: QuestionAnswerer
) -> None:
    findings = evidence.examine(qa, [HIGH, OPENED], min_confidence=0)
    assert (findings.asked, findings.answered) == (2, 2)
    assert [answer.question for answer in findings.differing] == [HIGH]
    shown = "\n".join(evidence.show(findings.differing[0]))
    assert "but [" in shown
    assert "mirror.txt" in shown
    assert "The lighthouse of Port Amber, which is 62 metres high, was closed on Monday." in shown
    assert str(findings).startswith("2 questions, 2 answered, 1 with a disagreement, 0 in parts; ")


def test_metres_and_feet_that_fit_are_not_shown(evidence: ModuleType, qa: QuestionAnswerer) -> None:
    (answer,) = evidence.examine(qa, [HIGH], min_confidence=0).differing
    said = [
        {citation.article.id for citation in cited} for cited in (answer.citations, answer.disagreements[0].citations)
    ]
    assert sorted(said, key=len) == [{"mirror.txt"}, {"gazette.txt", "planet.txt"}]


def test_questions_are_made_from_the_articles_sentences(evidence: ModuleType, qa: QuestionAnswerer) -> None:
    asked = evidence.questions_of(qa.articles(), 20)
    assert {"When was Tallow Bay flooded?", "How many people died in Tallow Bay?"} <= set(asked)
    assert len(set(asked)) == len(asked) <= 20
