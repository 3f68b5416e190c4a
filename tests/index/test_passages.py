"""Passages are exact places in a text: whole sentences, all that is kept, nothing outside it."""

import re
import time
from itertools import pairwise

import pytest

from index.boilerplate import kept_spans
from index.passages import CAPACITY, LONGEST_TOKEN, OVERLAP, cut, runs, sentences

NEWS = """The city has fallen. Brig. Gen. Yihya Rasool spoke at 5 p.m. on Friday.

“We won,” he said. The U.S. Army agreed.
A line of its own
that goes on here. Was it so? It was!
"""


def tokens(texts):
    return [[match.span() for match in re.finditer(r"\w+|[^\w\s]", text)] for text in texts]


def size(text):
    return len(tokens([text])[0])


def pieces(text, capacity=CAPACITY, kept=None):
    return [text[start:end] for start, end in cut(text, kept or [(0, len(text))], tokens, capacity)]


def sentences_of(text):
    return [text[start:end] for start, end in sentences(text)]


def test_sentences_are_exact_and_trimmed():
    assert sentences_of(NEWS) == [
        "The city has fallen.",
        "Brig. Gen. Yihya Rasool spoke at 5 p.m. on Friday.",
        "“We won,” he said.",
        "The U.S. Army agreed.",
        "A line of its own\nthat goes on here.",
        "Was it so?",
        "It was!",
    ]


def test_sentences_of_a_range_are_offsets_into_the_whole_text():
    start, end = NEWS.index("“"), NEWS.index("A line")
    assert [NEWS[s:e] for s, e in sentences(NEWS, start, end)] == ["“We won,” he said.", "The U.S. Army agreed."]


@pytest.mark.parametrize("name", ["Gen. Yihya Rasool", "Mr. Assad", "Dr. Haider al-Abadi", "U.S. Senator Lee"])
def test_an_abbreviation_does_not_end_a_sentence(name):
    assert sentences_of(f"On Friday {name} spoke. He left.") == [f"On Friday {name} spoke.", "He left."]


def test_a_wrapped_line_goes_on_and_a_new_one_begins_with_a_capital_or_digit():
    assert sentences_of("The army\nof the state\n\n12 men\nWon it\nall") == [
        "The army\nof the state",
        "12 men",
        "Won it\nall",
    ]


@pytest.mark.parametrize("line", ["Élysée said no", "Президент сказал", "“Élan” it is", "٣ men"])
def test_a_new_line_may_begin_with_a_capital_or_digit_of_any_script(line):
    assert sentences_of(f"A line of its own\n{line}") == ["A line of its own", line]


@pytest.mark.parametrize("line", ["été goes on", "и говорит", "“élan” it is"])
def test_lower_case_of_any_script_goes_on(line):
    assert sentences_of(f"A line\n{line}") == [f"A line\n{line}"]


def test_windows_line_ends_are_line_ends():
    text = "One line\r\nwrapped. Two.\r\n\r\nThree\r\nFour"
    assert sentences_of(text) == ["One line\r\nwrapped.", "Two.", "Three", "Four"]


def test_repeated_sentences_each_have_their_own_place():
    text = "He said so. He said so. No. He said so again. He said so. No."
    found = sentences(text)
    assert [text[s:e] for s, e in found] == [
        "He said so.",
        "He said so.",
        "No.",
        "He said so again.",
        "He said so.",
        "No.",
    ]
    assert all(end <= start for (_, end), (start, _) in pairwise(found))


@pytest.mark.parametrize("text", ["", " \n\n \r\n", "\u00a0"])
def test_a_text_without_words_has_no_sentences_and_no_passages(text):
    assert sentences(text) == [] == cut(text, [(0, len(text))], tokens)


@pytest.mark.parametrize("text", ["a" + " " * 50_000 + "b", "a" + "\n- " * 10_000 + "b", "a" + "\n" * 50_000 + "b"])
def test_a_hostile_text_is_cut_in_the_time_of_a_plain_one(text):
    started = time.perf_counter()
    sentences(text)
    assert time.perf_counter() - started < 2


def test_passages_hold_all_kept_text_and_nothing_outside_it(seeds):
    for path in sorted(seeds.glob("*.txt")):
        text = path.read_bytes().decode()
        kept, passages = kept_spans(text), cut(text, kept_spans(text), tokens)
        covered, wanted = bytearray(len(text)), bytearray(len(text))
        for start, end in kept:
            wanted[start:end] = b"\1" * (end - start)
        for start, end in passages:
            covered[start:end] = b"\1" * (end - start)
            assert text[start:end] == text[start:end].strip() != ""
            assert any(first <= start and end <= last for first, last in kept)
        assert [
            c for c, want, has in zip(text, wanted, covered, strict=True) if want and not has and not c.isspace()
        ] == []
        assert not any(has and not want for want, has in zip(wanted, covered, strict=True))


def test_passages_of_the_seeds_fit_the_capacity_by_the_real_tokenizer(seeds, embedder):
    for path in sorted(seeds.glob("*.txt")):
        text = path.read_bytes().decode()
        found = cut(text, kept_spans(text), embedder.token_offsets)
        assert max(len(offsets) for offsets in embedder.token_offsets([text[s:e] for s, e in found])) <= CAPACITY


@pytest.mark.parametrize("capacity", [8, 12, 20, 40])
def test_passages_fit_any_capacity_and_end_where_sentences_end(capacity):
    text = " ".join(f"Man number {i} went{' on' * (i % 4)}." for i in range(60))
    found, whole = cut(text, [(0, len(text))], tokens, capacity), sentences(text)
    assert all(size(text[start:end]) <= capacity for start, end in found)
    assert {start for start, _ in found} <= {start for start, _ in whole}
    assert {end for _, end in found} <= {end for _, end in whole}
    assert all(set(run) <= set(whole) for run in runs(text, [(0, len(text))], tokens, capacity))


def test_passages_are_runs_of_sentences_and_of_the_pieces_of_one_that_is_too_long():
    text = f"So it is. {' '.join(['Word'] * 450)} at last. That is the end."
    found, whole = runs(text, [(0, len(text))], tokens), sentences(text)
    assert [(run[0][0], run[-1][1]) for run in found] == cut(text, [(0, len(text))], tokens)
    assert whole[0] in found[0] and whole[-1] in found[-1]
    pieces = sorted({span for run in found for span in run} - set(whole))
    assert len(pieces) > 2 and pieces[0][0] == whole[1][0] and pieces[-1][1] == whole[1][1]


def test_a_long_article_is_tokenized_bit_by_bit(monkeypatch):
    text = " ".join(f"Man number {i} went{' on' * (i % 4)}." for i in range(60))
    whole, asked = runs(text, [(0, len(text))], tokens, 20), []
    monkeypatch.setattr("index.passages.TOKENIZED", 7)
    assert runs(text, [(0, len(text))], lambda texts: asked.append(len(texts)) or tokens(texts), 20) == whole
    assert max(asked) == 7 and sum(asked) == 60


def test_each_passage_says_something_that_the_one_before_does_not():
    short, long = "So it is. " * 30, " ".join(["word"] * 195) + "."
    text = f"{short}{long} That is the end."
    found = cut(text, [(0, len(text))], tokens)
    assert all(end < later for (_, end), (_, later) in pairwise(found))
    assert len(found) == 3


def test_a_passage_begins_with_the_last_sentences_of_the_one_before():
    text = " ".join(f"This is what the man number {i} said of it." for i in range(40))
    found = cut(text, [(0, len(text))], tokens)
    assert len(found) > 1
    for (_, end), (start, _) in pairwise(found):
        assert 0 < size(text[start:end]) <= OVERLAP


def test_a_sentence_longer_than_the_overlap_is_not_said_twice():
    text = " ".join(" ".join(["word"] * 60) + f" {i}." for i in range(6))
    text = text.replace(". word", ". Word")
    assert all(end < start for (_, end), (start, _) in pairwise(cut(text, [(0, len(text))], tokens)))


def test_an_overlong_sentence_is_cut_between_words_and_no_word_is_lost():
    text = " ".join(f"it's-{i}" for i in range(100)) + "."
    found = pieces(text, capacity=31)
    assert " ".join(found) == text
    assert all(size(piece) <= 31 for piece in found)


def test_an_overlong_sentence_without_spaces_is_cut_at_tokens():
    text = "a'" * 100
    found = pieces(text, capacity=30)
    assert "".join(found) == text
    assert {size(piece) for piece in found} == {30, 20}


def test_passages_never_reach_across_what_is_not_kept():
    text = "One is here. Hide Ad. Two is here."
    middle = text.index("Hide"), text.index("Two")
    assert pieces(text, kept=[(0, middle[0]), (middle[1], len(text))]) == ["One is here.", "Two is here."]


def test_what_a_tokenizer_takes_for_one_word_makes_no_passage_of_any_length():
    dump = "0123456789abcdef" * 5_000
    found = cut(dump, [(0, len(dump))], tokens)
    assert max(end - start for start, end in found) <= CAPACITY * LONGEST_TOKEN
    assert "".join(dump[start:end] for start, end in found) == dump
    assert {size(dump[start:end]) for start, end in found} == {1}


def test_no_word_of_the_seeds_is_longer_than_a_token_may_be(seeds, embedder):
    for path in sorted(seeds.glob("*.txt")):
        (offsets,) = embedder.token_offsets([path.read_bytes().decode()])
        assert max(end - start for start, end in offsets) <= LONGEST_TOKEN
