"""The same question in every name and spelling of a thing gets the same answer, with the models that ship."""

import pytest

from index.build import build
from index.embedder import Embedder
from qa import QuestionAnswerer

ORCHESTRA = {
    "a": """A premiere

The Royal Ostrava Chamber Players (ROCP) will open the festival in Marrokesh on 4 May with a new symphony by Ilse
Brandt. The concert hall on the Vessen quay seats 1,140 people. Tickets for the Royal Ostrava Chamber Players went on
sale in Kolmar.
""",
    "b": """A hall by the water

The concert hall of Marokesh was built in 1931 by the architect Pavel Arendt on the Vessen quay. Players from Kolmar
and Ilse Brandt herself came to its reopening. The Lindens, another name for the ROCP, rehearsed there for six weeks.
""",
    "c": """A harvest

Farmers in the north brought in more barley than in any year since 1998, the ministry of agriculture said.
""",
}


@pytest.fixture(scope="module")
def orchestra(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> QuestionAnswerer:
    work = tmp_path_factory.mktemp("orchestra")
    (work / "articles").mkdir()
    for name, text in ORCHESTRA.items():
        (work / "articles" / f"{name}.txt").write_text(text, encoding="utf-8")
    build([work / "articles"], work / "index", embedder)
    return QuestionAnswerer.open(work / "index")


def answers(engine: QuestionAnswerer, question: str, names: list[str]) -> set[tuple[str, tuple[str, ...]]]:
    found = [engine.ask(question.format(name), min_confidence=0.0) for name in names]
    assert all(result.found for result in found)
    return {(result.text, tuple(sorted(c.article.id for c in result.citations))) for result in found}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("How much of its territory has {} lost?", ["Islamic State", "IS", "ISIS", "ISIL", "Daesh"]),
        ("Which news agency does {} have?", ["Islamic State", "IS", "ISIS", "ISIL", "Daesh"]),
        ("When did the {} defeat Islamic State in Raqqa?", ["SDF", "S.D.F.", "Syrian Democratic Forces"]),
        ("On the bank of which river does {} lie?", ["Deir el-Zour", "Deir ez-Zor", "Deir al-Zour", "Deir Ezzor"]),
        (
            "Which highway is the border town of {} on?",
            ["Bukamal", "Boukamal", "Abu Kamal", "Albu Kamal", "Abou Kamal"],
        ),
        ("How far is {} from Baghdad?", ["al-Qaim", "al Qaim", "Qaim", "Al-Qa'im"]),
        ("When did the SDF defeat IS in {}?", ["Raqqa", "Raqa", "raqqa"]),
    ],
)
def test_the_seeds_answer_the_same_in_every_name(seed_qa: QuestionAnswerer, question: str, names: list[str]) -> None:
    assert len(answers(seed_qa, question, names)) == 1


@pytest.mark.parametrize(
    ("question", "names", "text"),
    [
        ("Who built the concert hall of {}?", ["Marokesh", "Marrokesh", "Marokeesh"], "Pavel Arendt"),
        ("How many people does the concert hall in {} seat?", ["Marokesh", "Marrokesh", "Marokeesh"], "1,140"),
        (
            "When will the {} open the festival?",
            ["ROCP", "R.O.C.P.", "Royal Ostrava Chamber Players", "Lindens"],
            "4 May",
        ),
    ],
)
def test_so_does_a_corpus_about_something_else(
    orchestra: QuestionAnswerer, question: str, names: list[str], text: str
) -> None:
    ((given, _),) = answers(orchestra, question, names)
    assert text in given
