import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index import inference
from index.errors import ModelError
from qa.answer import Span
from qa.evaluation.questions import read_questions
from qa.reader import ANSWER_TOKENS, NOWHERE, Reader

SEED_QUESTIONS = Path(__file__).parents[2] / "seeds" / "questions.jsonl"
QUESTION = "Who is the army spokesman of the city?"
PASSAGES = [
    "The general said the army captured the town.",
    "",
    "Grüße aus Köln 🙂🙂 von 北京市: the zebra was in the zoo. Ärger, naïve café!",
    "The river is on the border. " * 12 + "The militia lost the territory in 1997.",
]


def test_torch_and_openvino_find_the_same_spans(any_model: Path) -> None:
    with_torch = Reader(any_model, device="cpu").read(QUESTION, PASSAGES)
    with_openvino = Reader(any_model, device="openvino", precision="f32").read(QUESTION, PASSAGES)
    for one, other in zip(with_torch, with_openvino, strict=True):
        assert [(s.start, s.end) for s in one] == [(s.start, s.end) for s in other]
        assert [s.score for s in one] == pytest.approx([s.score for s in other], abs=1e-2)


def test_the_precision_chosen_here_gives_the_answers_that_float32_gives(seeds: Path) -> None:
    articles = [path.read_text("utf-8") for path in sorted(seeds.glob("*.txt"))]
    asked = [(question.question, articles) for question in read_questions(SEED_QUESTIONS)[::3]]

    def best(precision: str) -> list[tuple[int, int, int]]:
        read = Reader(precision=precision).read_together(asked, most=1)
        return [
            max((spans[0].score, at, spans[0].start, spans[0].end) for at, spans in enumerate(of) if spans)[1:]
            for of in read
        ]

    same = [one == other for one, other in zip(best("f32"), best("auto"), strict=True)]
    assert sum(same) >= 0.99 * len(same)


def test_offsets_lie_in_the_passage_and_quote_no_outer_white_space(any_model: Path) -> None:
    reader = Reader(any_model, device="cpu")
    for question in (QUESTION, "What?", "Which zebra?"):
        for passage, spans in zip(PASSAGES, reader.read(question, PASSAGES, most=8), strict=True):
            assert bool(spans) == bool(passage)
            for span in spans:
                quote = passage[span.start : span.end]
                assert 0 <= span.start < span.end <= len(passage)
                assert quote == quote.strip()


def test_spans_come_best_first_without_overlap(any_model: Path) -> None:
    for spans in Reader(any_model, device="cpu").read(QUESTION, PASSAGES, most=5):
        assert len(spans) <= 5
        assert [s.score for s in spans] == sorted((s.score for s in spans), reverse=True)
        for i, one in enumerate(spans):
            assert all(one.end <= other.start or other.end <= one.start for other in spans[:i])


def test_each_token_after_the_first_costs_a_span(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, passage = Reader(any_model, device="cpu"), PASSAGES[0]
    (dear,) = reader.read(QUESTION, [passage], most=1)[0]
    monkeypatch.setattr("qa.reader.PER_TOKEN", 0.0)
    (free,) = reader.weigh([(QUESTION, passage, [(dear.start, dear.end)])])[0]
    assert 0 <= free - dear.score < 30 * 0.05 + 1e-3
    monkeypatch.setattr("qa.reader.PER_TOKEN", 1000.0)
    for span in reader.read(QUESTION, [passage])[0]:
        assert " " not in passage[span.start : span.end]


def test_every_part_of_a_long_passage_is_read(any_model: Path) -> None:
    passage = PASSAGES[3]
    spans = Reader(any_model, device="cpu").read(QUESTION, [passage], most=100)[0]
    assert min(s.start for s in spans) < 60
    assert max(s.end for s in spans) > len(passage) - 60


def test_a_question_of_900_characters_is_shortened(any_model: Path) -> None:
    reader = Reader(any_model, device="cpu")
    for question in ("who captured the city " * 41, "x" * 900, "🙂" * 900, "?" * 900):
        assert reader.read(question, [PASSAGES[0]])[0]


def test_a_passage_is_read_the_same_alone_and_among_others(any_model: Path) -> None:
    reader = Reader(any_model, device="cpu")
    together = reader.read(QUESTION, PASSAGES)
    for passage, expected in zip(PASSAGES, together, strict=True):
        alone = reader.read(QUESTION, [passage])[0]
        assert [(s.start, s.end) for s in alone] == [(s.start, s.end) for s in expected]
        assert [s.score for s in alone] == pytest.approx([s.score for s in expected], abs=1e-3)


def test_questions_read_together_find_what_each_finds_alone(any_model: Path) -> None:
    reader = Reader(any_model, device="cpu")
    asked = [(QUESTION, PASSAGES), ("What?", []), ("Which zebra was in the zoo?", PASSAGES[::-1][:2]), ("Who?", [""])]
    for (question, passages), together in zip(asked, reader.read_together(asked), strict=True):
        for one, other in zip(together, reader.read(question, passages), strict=True):
            assert [(s.start, s.end) for s in one] == [(s.start, s.end) for s in other]
            assert [s.score for s in one] == pytest.approx([s.score for s in other], abs=1e-3)


def test_passages_of_several_questions_share_batches(zebra_reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, shapes = Reader(zebra_reader, device="cpu"), []
    call = inference._TorchRunner.__call__

    def counting(runner: inference._TorchRunner, ids: Any, mask: Any, types: Any) -> list[Any]:
        shapes.append(ids.shape)
        return call(runner, ids, mask, types)

    monkeypatch.setattr(inference._TorchRunner, "__call__", counting)
    reader.read_together([(f"What is animal {n}?", ["A zebra said so.", "The river said so."]) for n in range(5)])
    assert [rows for rows, _ in shapes] == [10]


def test_a_place_weighs_what_it_scores_as_a_span(zebra_reader: Path) -> None:
    reader = Reader(zebra_reader, device="cpu")
    plain = [passage for passage in PASSAGES if passage.isascii()]
    found = reader.read(QUESTION, plain, most=4)
    asked = [
        (QUESTION, passage, [(span.start, span.end) for span in spans])
        for passage, spans in zip(plain, found, strict=True)
    ]
    for spans, weighed in zip(found, reader.weigh(asked), strict=True):
        assert weighed == pytest.approx([span.score for span in spans], abs=1e-3)


def test_places_are_weighed_by_every_kind_of_model(any_model: Path) -> None:
    reader = Reader(any_model, device="cpu")
    asked = [(QUESTION, passage, [(0, 3), (4, len(passage))]) for passage in PASSAGES if passage]
    weighed = reader.weigh(asked)
    assert [len(scores) for scores in weighed] == [2, 2, 2]
    assert all(score > NOWHERE for scores in weighed for score in scores[:1])
    alone = [reader.weigh([one])[0] for one in asked]
    for scores, others in zip(weighed, alone, strict=True):
        assert scores == pytest.approx(others, abs=1e-3)


def test_a_place_without_words_weighs_next_to_nothing(zebra_reader: Path) -> None:
    reader = Reader(zebra_reader, device="cpu")
    assert reader.weigh([("Which animal?", "a zebra  ", [(2, 7), (7, 9)]), ("Which animal?", "", [])])[0][1] == NOWHERE
    assert reader.weigh([]) == []


def test_offsets_count_characters_not_bytes(zebra_reader: Path) -> None:
    passage = "Grüße aus Köln 🙂👩‍👩‍👧 von 北京市 — the Zebra, naïvely."
    best = Reader(zebra_reader, device="cpu").read("What?", [passage])[0][0]
    assert passage[best.start : best.end] == "Zebra"


def test_an_answer_at_the_end_of_a_passage_over_the_window_is_found(zebra_reader: Path) -> None:
    passage = "The river is on the border. " * 150 + "It was the zebra."
    spans = Reader(zebra_reader, device="cpu").read("Which animal?", [passage], most=1)
    assert spans == [[Span(len(passage) - 6, len(passage) - 1, spans[0][0].score)]]
    assert spans[0][0].score > 0


def test_an_answer_in_two_windows_is_given_once(zebra_reader: Path) -> None:
    before = "the river " * 130  # its tokens 230 to 300 or so stand in two windows
    passage = f"{before}zebra {before}"
    spans = Reader(zebra_reader, device="cpu").read("Which animal?", [passage], most=20)[0]
    assert [passage[s.start : s.end] for s in spans if s.score > 0] == ["zebra"]


def test_a_score_above_zero_means_rather_this_than_nothing(zebra_reader: Path) -> None:
    with_one, without = Reader(zebra_reader, device="cpu").read("What?", ["The zebra said so.", "The river said so."])
    assert with_one[0].score > 0 > without[0].score


def test_scores_compare_across_passages_of_any_length(zebra_reader: Path) -> None:
    reader = Reader(zebra_reader, device="cpu")
    short, long = reader.read("What?", ["A zebra.", "The river. " * 20 + "A zebra. " + "The town. " * 20])
    assert short[0].score == pytest.approx(long[0].score, abs=1e-4)


def test_several_answers_in_one_passage_are_all_given(zebra_reader: Path) -> None:
    passage = ("zebra " + "the river " * ANSWER_TOKENS) * 2
    spans = Reader(zebra_reader, device="cpu").read("What?", [passage], most=5)[0]
    assert sorted(s.start for s in spans if s.score > 0) == [0, len(passage) // 2]


def test_no_span_is_longer_than_the_longest_answer(random_model: Callable[[str], Path]) -> None:
    passage = "a b c d e f g h i j k l m n o p " * 8
    for span in Reader(random_model("bert"), device="cpu").read("What?", [passage], most=20)[0]:
        assert len(passage[span.start : span.end].split()) <= ANSWER_TOKENS


@pytest.mark.parametrize("passage", ["", "   ", "\n\t\n"])
def test_a_passage_without_words_has_no_span(passage: str, zebra_reader: Path) -> None:
    assert Reader(zebra_reader, device="cpu").read("What?", [passage, "A zebra."])[0] == []


def test_no_passages_give_no_spans(zebra_reader: Path) -> None:
    assert Reader(zebra_reader, device="cpu").read("What?", []) == []


def test_a_missing_folder_is_refused() -> None:
    with pytest.raises(ModelError, match="no model folder"):
        Reader(Path("/nowhere/at/all"))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not an extractive question-answering model"):
        Reader(tmp_path)


def test_a_model_of_another_kind_is_refused(encoder: Path) -> None:
    with pytest.raises(ModelError, match="not an extractive question-answering model"):
        Reader(encoder)


def test_a_model_with_pickled_weights_only_is_refused(tmp_path: Path, zebra_reader: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(zebra_reader, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no \.safetensors weights"):
        Reader(folder)


def test_a_model_without_a_tokenizer_is_refused(tmp_path: Path, zebra_reader: Path) -> None:
    folder = tmp_path / "speechless"
    shutil.copytree(zebra_reader, folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="no tokenizer"):
        Reader(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_damaged_description_is_refused(name: str, tmp_path: Path, zebra_reader: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(zebra_reader, folder)
    (folder / name).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        Reader(folder)


def test_damaged_weights_are_refused_at_the_first_question(tmp_path: Path, zebra_reader: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(zebra_reader, folder)
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelError, match="cannot be loaded"):
        Reader(folder, device="cpu").read("What?", ["A zebra."])


def test_the_identity_names_the_folder_and_changes_with_the_weights(tmp_path: Path, zebra_reader: Path) -> None:
    folder = tmp_path / "zebra"
    shutil.copytree(zebra_reader, folder)
    before = Reader(folder).identity
    assert before == Reader(zebra_reader).identity
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes() + b" ")
    assert before.startswith("zebra@")
    assert Reader(folder).identity != before


def test_the_window_never_passes_what_the_model_can_hold(tmp_path: Path, zebra_reader: Path) -> None:
    config = json.loads((zebra_reader / "config.json").read_text(encoding="utf-8"))
    assert config["max_position_embeddings"] == 512
    assert Reader(zebra_reader, device="cpu").read("who " * 300, ["the zebra " * 2000])[0]
