"""One contract for every store: a folder, Milvus inside this process, and a real Milvus server."""

import json
import random
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from index.article import Passage
from index.build import build
from index.embedder import Embedder
from index.errors import CorpusError, InputError
from index.local import LocalStore
from index.milvus import MilvusStore
from index.milvus.schema import Layout, make_empty
from index.milvus.server import Address, Server
from index.sources import read_articles
from index.store import EVERYTHING, Filter, Store
from qa.answer import Answer, NoAnswer
from qa.pipeline import QuestionAnswerer

QUESTIONS = Path(__file__).parents[3] / "seeds" / "questions.jsonl"

OUTLET = "O\"Neill's \\ né"

ARTICLES = [
    {"id": "hill", "title": "Hills", "text": "The hill is green.", "source": "BBC", "published": "2020-01-01"},
    {"id": "copy", "title": "Hills", "text": "The hill is green.", "source": "BBC", "published": "2020-01-01"},
    {
        "id": "lake",
        "title": "Lakes",
        "text": "The lake is deep and cold.",
        "source": "O\"Neill's \\ né",
        "published": "2021-06-30",
    },
    {"id": "sea", "title": "Seas", "text": "The sea is wide and cold.", "source": "CNN", "published": "2022-12-31"},
    {"id": "wood", "title": "Woods", "text": "The wood is dark and cold.", "source": "BBC"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five articles, two of them the same, one without a date; a test may change them."""
    folder = tmp_path / "articles"
    folder.mkdir()
    write(folder, ARTICLES)
    return folder


def write(folder: Path, articles: list[dict[str, str]]) -> None:
    for path in folder.iterdir():
        path.unlink()
    for article in articles:
        (folder / f"{article['id']}.jsonl").write_text(json.dumps(article))


def found_by(store: Store, embedder: Embedder, question: str, allowed: Filter = EVERYTHING) -> set[str]:
    """The articles whose passages either search finds at all."""
    with store.snapshot(embedder.identity) as snapshot:
        dense = snapshot.search_vectors(embedder.encode([question])[0], 50, allowed)
        words = snapshot.search_words(question.split(), 50, allowed)
        return {p.article_id for p in snapshot.passages(n for n, _ in (*dense, *words)).values()}


class TestContract:
    def test_nothing_is_there_before_the_first_build(self, store: Store, words: Embedder) -> None:
        assert not store.is_published()
        with pytest.raises(CorpusError, match="qa index"), store.snapshot():
            pass
        with pytest.raises(CorpusError, match="qa index"):
            store.roots()

    def test_a_passage_is_as_near_as_its_nearest_sentence(self, store: Store, folder: Path, words: Embedder) -> None:
        write(folder, [{"id": "long", "text": "The lake is deep. Nobody swims there in winter."}])
        store.build([folder], words)
        asked, half = words.encode(["Nobody swims there in winter.", "The lake is deep and green"])
        with store.snapshot(words.identity) as snapshot:
            ((number, cosine),) = snapshot.search_vectors(asked, 5)
            nearest = snapshot.nearest_sentences(asked, [number, number + 7])
            assert nearest == {number: pytest.approx(1, abs=1e-3)} and nearest[number] > cosine + 0.1
            assert snapshot.nearest_sentences(half, [number])[number] == pytest.approx(4 / 24**0.5, abs=1e-3)
            assert snapshot.nearest_sentences(asked, []) == {}

    def test_it_gives_back_what_was_read(self, store: Store, folder: Path, words: Embedder) -> None:
        report = store.build([folder], words)
        assert store.is_published()
        assert (len(report.added), report.copies, report.generation) == (5, 1, 1)
        assert store.roots() == [folder]
        read = {article.id: article for article in read_articles([folder])}
        with store.snapshot(words.identity) as snapshot:
            first, other = sorted(name for name in read if "hill" in name or "copy" in name)
            assert snapshot.ids() == sorted(read)
            assert snapshot.origins(other) == (first, other)
            assert snapshot.articles() == [read[name] for name in sorted(read) if name != other]
            assert snapshot.article(first) == snapshot.article(other) == read[first]
            assert snapshot.article("nothing") is None
            several = snapshot.articles_of([other, "nothing", first])
            assert list(several.items()) == [(other, read[first]), (first, read[first])]
            assert snapshot.sources() == sorted({article.source for article in read.values()})
            assert snapshot.count_articles() == 4
            assert [heading.id for heading in snapshot.headings(offset=1, limit=2)] == sorted(read)[2:4]
            assert snapshot.headings_of([first])[0].copies == (other,)
            assert snapshot.stories([first, other])[first] == snapshot.stories([other])[other]
            ((number, passage),) = snapshot.passages_of(first).items()
            assert passage == Passage(first, 0, len(read[first].text))
            assert snapshot.passages([number, 10_000]) == {number: passage}
            assert snapshot.removed() == []

    def test_an_article_longer_than_any_row_comes_back_whole(
        self, store: Store, tmp_path: Path, words: Embedder
    ) -> None:
        (tmp_path / "articles").mkdir()
        text = "\n".join(" ".join(f"fluß{n}é 水{n} “{m}” 🐟" for n in range(m, m + 40)) for m in range(0, 9000, 40))
        (tmp_path / "articles" / "long.txt").write_text(text, encoding="utf-8")
        store.build([tmp_path / "articles"], words)
        with store.snapshot(words.identity) as snapshot:
            article = snapshot.article("long.txt")
            assert article and article.text == text and len(text.encode()) > 3 * 65_535
            passages = snapshot.passages_of("long.txt")
            assert len(passages) > 100 and list(passages.values()) == sorted(passages.values(), key=lambda p: p.start)
            best, _ = snapshot.search_vectors(words.encode(["fluß3977é 水3977"])[0], 5)[0]
            assert best in passages

    def test_filters_are_exact(self, store: Store, folder: Path, words: Embedder) -> None:
        store.build([folder], words)

        def ids(allowed: Filter) -> set[str]:
            found = found_by(store, words, "cold hill", allowed)
            with store.snapshot() as snapshot:
                assert snapshot.count_articles(allowed) == len(found)
                assert {heading.id for heading in snapshot.headings(allowed)} == found
            return {name.partition(".")[0] for name in found}

        assert ids(Filter()) == {"copy", "lake", "sea", "wood"}
        assert ids(Filter(sources=("BBC",))) == {"copy", "wood"}
        assert ids(Filter(sources=("O\"Neill's \\ né", "CNN"))) == {"lake", "sea"}
        assert ids(Filter(sources=("ABC",))) == set()
        assert ids(Filter(published_after=date(2021, 6, 30))) == {"lake", "sea"}
        assert ids(Filter(published_before=date(2021, 6, 29))) == {"copy"}
        assert ids(Filter(sources=("BBC",), published_before=date(2022, 1, 1))) == {"copy"}

    def test_a_change_costs_what_it_changes(self, store: Store, folder: Path, words: Embedder) -> None:
        before = store.build([folder], words)
        again = store.build([folder], words)
        assert (again.generation, again.embedded) == (before.generation, 0)
        write(folder, [*ARTICLES[:3], ARTICLES[3] | {"source": "NBC"}, ARTICLES[4] | {"text": "The wood is on fire."}])
        after = store.build([folder], words)
        assert (after.generation, after.embedded, len(after.changed)) == (before.generation + 1, 1, 2)
        with store.snapshot(words.identity) as snapshot:
            assert snapshot.generation == after.generation
            assert "NBC" in snapshot.sources()
        assert found_by(store, words, "fire", Filter(sources=("BBC",))) >= {
            next(i for i in after.changed if "wood" in i)
        }

    def test_what_was_removed_is_not_found_once_the_build_returns(
        self, store: Store, folder: Path, words: Embedder
    ) -> None:
        store.build([folder], words)
        write(folder, [article for article in ARTICLES if article["id"] not in ("lake", "copy")])
        report = store.build([folder], words)
        assert {name.partition(".")[0] for name in report.removed} == {"lake", "copy"}
        found = found_by(store, words, "The lake is deep and cold hill")
        assert {name.partition(".")[0] for name in found} == {"hill", "sea", "wood"}
        with store.snapshot() as snapshot:
            assert all(snapshot.article(name) is None for name in report.removed)
            assert {name.partition(".")[0] for name in snapshot.ids()} == {"hill", "sea", "wood"}

    def test_articles_are_taken_out_and_let_in(self, store: Store, folder: Path, words: Embedder) -> None:
        with pytest.raises(CorpusError):
            store.exclude(["nothing"])
        store.build([folder], words)
        with store.snapshot() as snapshot:
            lake = next(name for name in snapshot.ids() if "lake" in name)
        with pytest.raises(InputError, match="nothing"):
            store.exclude(["nothing"])
        assert store.exclude([lake]) == (lake,)
        assert lake not in found_by(store, words, "The lake is deep")
        assert store.build([folder], words).excluded == (lake,)
        with store.snapshot() as snapshot:
            assert snapshot.removed() == [lake]
        assert store.readmit([lake]) == (lake,)
        assert store.build([folder], words).added == (lake,)
        assert lake in found_by(store, words, "The lake is deep")

    @pytest.mark.parametrize("stage", ["comparing", "writing"])
    def test_a_build_that_is_called_off_lets_nothing_in(
        self, store: Store, folder: Path, words: Embedder, stage: str
    ) -> None:
        def called_off(step: str, *_: int) -> None:
            if step == stage:
                raise InterruptedError

        if stage == "writing" and isinstance(store, LocalStore):
            pytest.skip("a folder has published what it holds by then")
        store.build([folder], words)
        (lake,) = store.exclude(["lake.jsonl#1"])
        store.readmit([lake])
        with pytest.raises(InterruptedError):
            store.build([folder], words, called_off)
        with store.snapshot() as snapshot:
            assert snapshot.removed() == [lake]
        assert store.build([folder], words).excluded == (lake,)
        assert store.readmit([lake]) == (lake,)
        store.build([folder], words)
        assert lake in found_by(store, words, "The lake is deep")

    def test_an_index_of_another_embedder_is_refused(
        self, store: Store, folder: Path, word_embedder: type[Embedder]
    ) -> None:
        one, other = word_embedder("words@1"), word_embedder("words@2")
        store.build([folder], one)
        with pytest.raises(CorpusError, match=r"words@1.*words@2"), store.snapshot(other.identity):
            pass
        with pytest.raises(CorpusError, match=r"words@1.*words@2"):
            store.build([folder], other)
        assert found_by(store, one, "hill")

    def test_a_snapshot_stays_as_it_is(self, store: Store, folder: Path, words: Embedder) -> None:
        store.build([folder], words)
        with store.snapshot(words.identity) as snapshot:
            before, publication = snapshot.articles(), snapshot.publication
            write(folder, ARTICLES[3:])
            store.build([folder], words)
            vector = words.encode(["The lake is deep and cold"])[0]
            found = snapshot.passages(number for number, _ in snapshot.search_vectors(vector, 50)).values()
            assert any("lake" in passage.article_id for passage in found)
            assert (snapshot.articles(), snapshot.publication) == (before, publication)
        with store.snapshot() as snapshot:
            assert snapshot.publication != publication
            assert len(snapshot.articles()) == 2

    def test_an_emptied_folder_leaves_nothing_to_cite(self, store: Store, folder: Path, words: Embedder) -> None:
        store.build([folder], words)
        write(folder, [])
        store.build([folder], words)
        assert found_by(store, words, "hill") == set()
        with store.snapshot() as snapshot:
            assert snapshot.ids() == [] and snapshot.count_articles() == 0

    def test_an_approximate_index_finds_nearly_what_is_nearest_and_its_filters_are_exact(
        self, store: Store, tmp_path: Path, words: Embedder
    ) -> None:
        """Over a folder that is IVF, in Milvus HNSW; the second build adds to it and takes out of it."""
        (tmp_path / "articles").mkdir()
        chance = random.Random(3)
        for number in range(320):
            said = " ".join(chance.choices([f"word{n}" for n in range(90)], k=12))
            article = {"title": f"Note {number}", "text": f"{said}.", "source": "odd" if number % 2 else "even"}
            (tmp_path / "articles" / f"{number:03}.jsonl").write_text(json.dumps(article))
        store.build([tmp_path / "articles"], words, vector_kind="approximate")
        for number in range(0, 320, 16):
            (tmp_path / "articles" / f"{number:03}.jsonl").unlink()
            (tmp_path / "articles" / f"{number:03}.txt").write_text(f"Late {number}\n\nword{number % 90} word7 late.\n")
        store.build([tmp_path / "articles"], words)
        report = store.verify()
        assert (report.passages, report.problems) == (320, ()) and report.vector_index != "exact"
        asked = words.encode([f"word{n} word{n + 1} late" for n in range(0, 80, 8)])
        with store.snapshot(words.identity) as snapshot:
            texts = {
                number: f"{article.title}\n{article.text[passage.start : passage.end]}"
                for article in snapshot.articles()
                for number, passage in snapshot.passages_of(article.id).items()
            }
            cosines = asked @ words.encode(list(texts.values())).T
            for vector, exact in zip(asked, cosines, strict=True):
                found = snapshot.search_vectors(vector, 10)
                there = dict(zip(texts, exact.tolist(), strict=True))
                assert [there[number] for number, _ in found] == pytest.approx([score for _, score in found], abs=0.01)
                assert sum(score > np.sort(exact)[-10] - 1e-3 for _, score in found) >= 9
                even = [n for n, _ in snapshot.search_vectors(vector, 10, Filter(sources=("even",)))]
                assert len(even) == 10
                assert all(int(p.article_id[:3]) % 2 == 0 for p in snapshot.passages(even).values())

    def test_it_verifies_and_has_nothing_to_repair(self, store: Store, folder: Path, words: Embedder) -> None:
        store.build([folder], words)
        report = store.verify()
        assert (report.articles, report.passages, report.vectors, report.problems) == (4, 4, 4, ())
        assert (report.embedder, report.vector_index) == (words.identity, "exact")
        assert store.repair() == ()
        assert store.verify() == report


def test_the_same_questions_have_the_same_citations(
    seeds: Path, seed_qa: QuestionAnswerer, embedder: Embedder, tmp_path: Path
) -> None:
    """In a folder and in Milvus, with the words of both."""
    store = MilvusStore(str(tmp_path / "index.db"), tmp_path / "machine", timeout=30)
    store.build([seeds], embedder)
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text().splitlines()][::3]
    served = QuestionAnswerer.over(store, seed_qa.reader, embedder)
    try:
        for question in questions:
            local, remote = (told(qa.ask(question, min_confidence=0)) for qa in (seed_qa, served))
            assert local == remote, question
    finally:
        store.close()


def told(answer: Answer | NoAnswer) -> tuple[str, list[tuple[str, int, int, str]]]:
    """What an answer says, and where it says that it stands; which is looked up."""
    cited = [(c.article.id, c.start, c.end, c.quote) for c in answer.citations]
    assert all(c.article.text[c.start : c.end] == c.quote for c in answer.citations)
    return (answer.text if isinstance(answer, Answer) else ""), cited


def test_an_index_of_an_earlier_version_is_told_so(folder: Path, words: Embedder, tmp_path: Path) -> None:
    """It kept no vectors of sentences; else the server would say that a field is missing, which helps nobody."""
    server = Server(Address.read(str(tmp_path / "index.db")), timeout=30)
    MilvusStore(str(server.address), tmp_path / "machine", server=server).build([folder], words)
    layout = Layout(server.address.collection)
    server.call("drop_collection", layout.passages)
    make_empty(server, layout.passages)
    later = MilvusStore(str(server.address), tmp_path / "machine", server=server)
    assert not later.is_published()
    for use in (
        lambda: later.build([folder], words), lambda: found_by(later, words, "hill"), later.repair,
        lambda: later.exclude(["hill.jsonl#1"]),
    ):  # fmt: skip
        with pytest.raises(CorpusError, match="earlier version"):
            use()
    server.close()


def test_damaged_vectors_of_sentences_are_found_and_mended_and_break_no_question(
    folder: Path, words: Embedder, tmp_path: Path
) -> None:
    server = Server(Address.read(str(tmp_path / "index.db")), timeout=30)
    store = MilvusStore(str(server.address), tmp_path / "machine", server=server)
    store.build([folder], words)
    passages = Layout(server.address.collection).passages
    rows = server.call("query", passages, filter="number > 0", output_fields=["*"], limit=9)
    assert all(row["sentences"] for row in rows)
    for row in rows:
        row["sentences"] = row["sentences"][:-3]
        row.pop("sparse", None)  # which the server makes itself
    server.call("upsert", passages, rows)
    assert found_by(store, words, "hill")
    with store.snapshot() as snapshot:
        assert snapshot.nearest_sentences(words.encode(["hill"])[0], [row["number"] for row in rows]) == {}
    assert "4 vectors are damaged" in store.verify().problems[0]
    assert store.repair()
    assert store.verify().problems == ()
    server.close()


def test_names_are_the_same_in_every_store(seeds: Path, words: Embedder, tmp_path: Path) -> None:
    local, store = LocalStore(tmp_path / "index"), MilvusStore(str(tmp_path / "index.db"), tmp_path / "machine", 30)
    build([seeds], tmp_path / "index", words)
    store.build([seeds], words)
    with local.snapshot() as mine, store.snapshot() as theirs:
        learned = mine.names.learned()
        assert learned and learned == theirs.names.learned()
        folded = sorted({name.casefold() for pair in learned for name in (pair.one, pair.other)} | {"assad", "xyz"})
        assert mine.names.known(folded) == theirs.names.known(folded)
        for name in (*folded, "daesh", "deir al zur", "al qayim", "raqa", "bashir assad"):
            assert mine.names.names_of(name) == theirs.names.names_of(name)
            assert mine.names.nearest(name) == theirs.names.nearest(name)
            assert mine.names.is_written(name) == theirs.names.is_written(name), name
        numbers = [n for article_id in mine.ids() for n in mine.passages_of(article_id)]
        assert mine.copies(numbers) == theirs.copies(numbers) != {}
        for phrase in ("islamic state", "syrian army", "élections", "the"):
            assert mine.word_scores(phrase, numbers) == pytest.approx(theirs.word_scores(phrase, numbers), rel=0.02)
    store.close()
