from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from qa.squad import Example
from qa.training.features import Feature, Window, batches, collate, encode


@pytest.fixture(scope="module")
def tokenizer(encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(encoder / "tokenizer.json"))


def example(context: str, *answers: str, question: str = "who is it ?") -> Example:
    spans = tuple((context.index(answer), context.index(answer) + len(answer)) for answer in answers)
    return Example("1", question, context, spans, "T")


def gold(feature: Feature, tokenizer: Tokenizer) -> list[str]:
    own = feature[0]
    return [tokenizer.decode(own.ids[start : end + 1]) for start, end in zip(own.starts, own.ends, strict=True)]


def test_gold_tokens_decode_to_the_answer(tokenizer: Tokenizer) -> None:
    found = encode([example("The General said : Rome is old .", "General", "Rome")], tokenizer, 64)
    assert gold(found[0], tokenizer) == ["general", "rome"]


def test_an_answer_inside_a_word_or_of_several_pieces_keeps_all_its_tokens(tokenizer: Tokenizer) -> None:
    found = encode([example("the city of xyzzy said so", "xyzzy"), example("in 1990s paris", "1990")], tokenizer, 64)
    assert gold(found[0], tokenizer) == ["xyzzy"]
    assert gold(found[1], tokenizer)[0].startswith("1990")


def test_a_feature_is_question_and_passage_between_the_model_s_own_marks(tokenizer: Tokenizer) -> None:
    found = encode([example("paris is old", "old", question="what is old ?")], tokenizer, 64)[0][0]
    assert tokenizer.decode(found.ids, skip_special_tokens=False) == "[CLS] what is old? [SEP] paris is old [SEP]"
    assert tokenizer.id_to_token(found.ids[found.passage_start]) == "paris"


@pytest.mark.parametrize("place", [0, 1, 20, 50, 98, 99])
def test_the_window_holds_the_answer_of_a_passage_over_length(place: int, tokenizer: Tokenizer) -> None:
    words = ["river"] * 100
    words[place] = "zebra"
    found = encode([example(" ".join(words), "zebra")], tokenizer, 40)[0]
    assert len(found[0].ids) == 40
    assert gold(found, tokenizer) == ["zebra"]


def test_of_answers_far_apart_at_least_one_is_in_the_window(tokenizer: Tokenizer) -> None:
    context = "zebra " + "river " * 100 + "zoo"
    found = encode([example(context, "zebra", "zoo")], tokenizer, 40)[0]
    assert set(gold(found, tokenizer)) <= {"zebra", "zoo"}
    assert found[0].starts[0] >= found[0].passage_start


def test_without_an_answer_no_token_is_gold(tokenizer: Tokenizer) -> None:
    (window,) = encode([example("river " * 100)], tokenizer, 40)[0]
    assert (window.starts, window.ends) == ([], [])
    assert len(window.ids) == 40


def test_a_rival_is_a_window_of_its_own_without_gold(tokenizer: Tokenizer) -> None:
    asked = replace(example("paris is old", "old", question="what is old ?"), rivals=("rome is old", "river " * 100))
    own, *rivals = encode([asked], tokenizer, 40)[0]
    assert own.starts and not any(rival.starts or rival.ends for rival in rivals)
    assert tokenizer.decode(rivals[0].ids, skip_special_tokens=False) == "[CLS] what is old? [SEP] rome is old [SEP]"
    assert len(rivals[1].ids) == 40


def test_an_answer_that_no_window_holds_is_left_out(tokenizer: Tokenizer) -> None:
    long = ("river " * 100).strip()
    assert encode([example(long, long)], tokenizer, 40) == []


def test_a_long_question_leaves_room_for_the_passage(tokenizer: Tokenizer) -> None:
    found = encode([example("river " * 200 + "zebra", "zebra", question="who " * 300)], tokenizer, 96)[0]
    assert len(found[0].ids) == 96
    assert gold(found, tokenizer) == ["zebra"]


def features(count: int) -> list[Feature]:
    return [(Window([2, 5, 3, *[7] * (1 + n * 7 % 23), 3], 3, [3], [3]),) for n in range(count)]


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_each_pass_covers_every_feature_once(passes: int) -> None:
    made = batches(features(70), passes, 8, 13)
    assert Counter(number for batch in made for number in batch) == {n: passes for n in range(70)}


def test_part_of_a_pass_covers_that_part() -> None:
    counts = Counter(number for batch in batches(features(70), 1.5, 8, 13) for number in batch)
    assert len(counts) == 70
    assert counts.total() == 105
    assert set(counts.values()) == {1, 2}


def test_batches_are_full_alike_in_length_and_decided_by_the_seed() -> None:
    found = features(64)
    made = batches(found, 1, 8, 13)
    assert [len(batch) for batch in made] == [8] * 8
    lengths = [sorted(len(found[i][0].ids) for i in batch) for batch in made]
    assert max(few[-1] - few[0] for few in lengths) < 8
    assert made == batches(found, 1, 8, 13)
    assert made != batches(found, 1, 8, 14)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_batch_holds_so_many_windows_and_no_question_is_parted(most: int) -> None:
    found = [(window,) * (1 + n % most) for n, (window,) in enumerate(features(60))]
    made = batches(found, 1, 8, 13)
    assert Counter(number for batch in made for number in batch) == {n: 1 for n in range(60)}
    windows = [sum(len(found[i]) for i in batch) for batch in made]
    assert max(windows) <= 8
    assert sum(count <= 8 - most for count in windows) <= 1  # only the last one of a pool may have room left


def test_padding_is_masked_and_only_the_passage_may_be_chosen() -> None:
    one = Window([2, 5, 3, 7, 8, 3], 3, [3, 4], [4])
    rival, other = Window([2, 5, 3, 9, 3], 3, [], []), Window([2, 3, 7, 3], 2, [], [])
    batch = collate([(one, rival), (other,)], pad=9)
    assert {name: values.int().tolist() for name, values in batch.items()} == {
        "input_ids": [[2, 5, 3, 7, 8, 3], [2, 5, 3, 9, 3, 9], [2, 3, 7, 3, 9, 9]],
        "attention_mask": [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0]],
        "token_type_ids": [[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0], [0, 0, 1, 1, 0, 0]],
        "allowed": [[0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 0]],
        "starts": [[0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
        "ends": [[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
        "together": [[1, 1, 0], [0, 0, 1]],
    }
