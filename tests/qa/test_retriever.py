from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.embedder import Embedder
from index.local import LocalStore
from index.store import EVERYTHING, Snapshot
from qa.retriever import DEPTH, RRF, Retriever, by_meaning, by_words, content_words, convex, reciprocal_rank
from qa.wording import word


def test_scores_are_stretched_and_added_by_their_weights() -> None:
    dense = [(7, 0.8), (5, 0.6), (3, 0.4)]  # stretched: 1, 0.5, 0
    words = [(5, 10.0), (9, 5.0)]  # stretched from zero: 1, 0.5
    assert convex(dense, words, 0.4) == [
        (5, pytest.approx(0.4 * 0.5 + 0.6)),
        (7, pytest.approx(0.4)),
        (9, pytest.approx(0.3)),
        (3, pytest.approx(0.0)),
    ]


@pytest.mark.parametrize(("weight", "order"), [(1.0, [1, 2, 3]), (0.0, [3, 2, 1])])
def test_a_weight_of_one_or_none_leaves_one_search_in_charge(weight: float, order: list[int]) -> None:
    dense, words = [(1, 0.9), (2, 0.5), (3, 0.1)], [(3, 9.0), (2, 5.0), (1, 1.0)]
    assert [number for number, _ in convex(dense, words, weight)] == order


def test_how_far_ahead_the_best_is_counts() -> None:
    words = [(2, 9.0), (1, 8.0)]
    ahead, level = [(1, 0.9), (2, 0.2), (3, 0.1)], [(1, 0.9), (2, 0.89), (3, 0.1)]
    assert convex(ahead, words, 0.4)[0][0] == 1
    assert convex(level, words, 0.4)[0][0] == 2


def test_ties_go_to_the_lower_number() -> None:
    assert [n for n, _ in convex([(9, 1.0), (8, 0.0)], [(4, 1.0), (8, 0.0)], 0.5)] == [4, 9, 8]
    assert [n for n, _ in reciprocal_rank([(9, 1.0)], [(4, 1.0)])] == [4, 9]


def test_nothing_found_fuses_to_nothing() -> None:
    assert convex([], [], 0.4) == reciprocal_rank([], []) == []


def test_one_hit_in_one_search_is_found() -> None:
    assert [n for n, _ in convex([(3, 0.7)], [], 0.4)] == [3]
    assert convex([], [(3, 7.0)], 0.4) == [(3, pytest.approx(0.6))]


def test_rank_fusion_adds_the_reciprocal_of_each_rank() -> None:
    assert reciprocal_rank([(7, 0.9), (5, 0.8)], [(5, 11.0), (9, 2.0)]) == [
        (5, pytest.approx(1 / 62 + 1 / 61)),
        (7, pytest.approx(1 / 61)),
        (9, pytest.approx(1 / 62)),
    ]
    assert RRF == 60


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who is the Syrian army spokesman?", ["syrian", "army", "spokesman"]),
        ("How many of the fighters were in al-Qaim?", ["many", "fighters", "al", "qaim"]),
        ("Raqqa, RAQQA and raqqa", ["raqqa"]),
        ("What about Köln in 2017?", ["köln", "2017"]),
        ("Who is he?", ["who", "is", "he"]),
        ("???", []),
        ("", []),
    ],
)
def test_content_words_say_what_a_question_is_about(question: str, words: list[str]) -> None:
    assert content_words(question) == words


WIRE = (
    "The council voted on Monday to close the old bridge over the river for the whole of next year. "
    "Engineers had warned since spring that its iron girders were rusting faster than anyone had expected."
)


@pytest.fixture
def reprinted(indexed: Callable[[dict[str, str]], Path], words: Embedder) -> Iterator[Snapshot]:
    """A paragraph in six papers under headlines of their own, and another article about the bridge."""
    papers = {f"{number}.txt": f"Paper {number} on the bridge\n\n{WIRE}\n" for number in range(6)}
    own = "A walk\n\nThe old bridge is a fine place to watch the boats come in at night.\n"
    with LocalStore(indexed(papers | {"own.txt": own})).snapshot(words.identity) as snapshot:
        yield snapshot


def test_copies_of_a_paragraph_take_one_place_and_the_next_moves_up(reprinted: Snapshot, words: Embedder) -> None:
    first, second = Retriever(words).search("Why was the old bridge closed?", reprinted, k=2)
    wire, own = sorted((first, second), key=lambda found: found.passage.article_id == "own.txt")
    assert (own.passage.article_id, own.copies) == ("own.txt", ())
    printed = {passage.article_id for passage in (wire.passage, *wire.copies)}
    assert printed == {f"{number}.txt" for number in range(6)}
    assert len(wire.copies) == 5
    for copy in wire.copies:
        assert "iron girders" in reprinted.article(copy.article_id).text[copy.start : copy.end]


def test_a_place_is_taken_by_the_best_of_the_copies(reprinted: Snapshot, words: Embedder) -> None:
    best, *_ = Retriever(words).search("What did paper 4 print about the iron girders of the bridge?", reprinted)
    assert best.passage.article_id == "4.txt"


FERRY = {
    "a": "The ferry to Marrokesh sank on Monday. Divers from Vessen and engineers of Kolmar searched the Ostra for it.",
    "b": "Marokesh mourned on Tuesday. Divers from Vessen, engineers of Kolmar and the Ostra Pilots had found it.",
    "c": "The harvest was good this year. Farmers brought wheat, rye and barley to the mills before the autumn rains.",
}


@pytest.fixture
def spelled(indexed: Callable[[dict[str, str]], Path], words: Embedder) -> Iterator[Snapshot]:
    """One town in two spellings, each in an article of its own."""
    texts = {f"{name}.txt": f"News\n\n{text}\n" for name, text in FERRY.items()}
    with LocalStore(indexed(texts)).snapshot(words.identity) as snapshot:
        yield snapshot


@pytest.mark.parametrize("name", ["Marrokesh", "Marokesh", "Marokeesh", "marokkesh"])
def test_every_spelling_finds_the_same_passages_in_the_same_order(
    spelled: Snapshot, words: Embedder, name: str
) -> None:
    found = Retriever(words).search(f"Who mourned in {name}?", spelled)
    usual = Retriever(words).search("Who mourned in Marokesh?", spelled)
    assert [(f.number, f.score, f.bm25, f.cosine) for f in found] == [
        (f.number, pytest.approx(f.score), pytest.approx(f.bm25), pytest.approx(f.cosine)) for f in usual
    ]
    assert {f.passage.article_id for f in found if f.words_rank} == {"a.txt", "b.txt"}


def test_a_passage_with_all_spellings_counts_its_best_one_once(spelled: Snapshot) -> None:
    numbers = [number for number, _ in spelled.search_words(["marrokesh", "marokesh"], 9, EVERYTHING)]
    alone = {**spelled.word_scores("marrokesh", numbers), **spelled.word_scores("marokesh", numbers)}
    found = by_words(word("Marokesh", spelled.names), spelled, EVERYTHING)
    assert dict(found) == pytest.approx(alone)


class Meanings:
    """A snapshot of which only the nearest passages, and the nearest of their sentences, are known."""

    def __init__(self, passages: dict[int, float], sentences: dict[int, float]) -> None:
        self.passages, self.sentences = passages, sentences

    def search_vectors(self, vector: object, limit: int, allowed: object) -> list[tuple[int, float]]:
        return sorted(self.passages.items(), key=lambda item: -item[1])[:limit]

    def nearest_sentences(self, vector: object, numbers: list[int]) -> dict[int, float]:
        return {number: self.sentences[number] for number in numbers if number in self.sentences}


def meant(snapshot: Meanings, also: list[int]) -> list[tuple[int, float]]:
    return by_meaning(None, snapshot, EVERYTHING, [(number, 1.0) for number in also])  # type: ignore[arg-type]


def test_a_passage_is_as_near_as_its_nearest_sentence() -> None:
    snapshot = Meanings({1: 0.6, 2: 0.5, 3: 0.4}, {1: 0.5, 2: 0.9})
    assert meant(snapshot, []) == [(2, 0.9), (1, 0.5), (3, 0.4)]  # the third has no vectors of sentences


def test_what_words_found_has_its_nearness_too_unless_it_is_farther_than_all_that_meaning_found() -> None:
    snapshot = Meanings({1: 0.6, 2: 0.5}, {1: 0.6, 2: 0.5, 7: 0.7, 8: 0.3})
    assert meant(snapshot, [7, 8, 9, 1]) == [(7, 0.7), (1, 0.6), (2, 0.5)]
    assert meant(Meanings({}, {7: 0.7}), [7]) == []


def test_a_sentence_that_answers_is_found_among_many_that_do_not(tmp_path: Path, embedder: Embedder) -> None:
    filler = "The market sells fruit and bread. Buses stop at the town hall. The school has a garden. "
    texts = [filler + f"Street {n} was paved. " * 3 for n in range(30)]
    texts[17] += "The lighthouse keeper was called Ivo Marin. " + filler
    (tmp_path / "rows.jsonl").write_text("".join(f'{{"text": "{text}"}}\n' for text in texts))
    store = LocalStore(tmp_path / "index")
    store.build([tmp_path / "rows.jsonl"], embedder)
    with store.snapshot(embedder.identity) as snapshot:
        best, *_ = Retriever(embedder).search("Who looked after the beacon?", snapshot, dense_weight=1.0)
        vector = embedder.encode(["Who looked after the beacon?"])[0]
        whole = dict(snapshot.search_vectors(vector, DEPTH))
    assert best.passage.article_id == "rows.jsonl#18"
    assert best.cosine > whole[best.number] + 0.05
