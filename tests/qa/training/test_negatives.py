import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from qa.squad import Example
from qa.training.negatives import contested, retrieved, swapped

Make = Callable[[Sequence[Example], int, int], list[Example]]
CITIES = ["Vienna", "Prague", "Berlin", "Madrid", "Lisbon", "Warsaw", "Athens", "Dublin"]
RIVERS = ["Danube", "Moldau", "Spree", "Manzanares", "Tagus", "Vistula", "Ilisos", "Liffey"]


def example(number: int, title: str = "Cities") -> Example:
    """A question about one city's bridge, answered by its paragraph alone."""
    city, river, year = CITIES[number % 8], RIVERS[number % 8], 1850 + number
    context = f"The bridge of {city} over the {river} was built in {year}. Its stones came from a quarry nearby."
    start = context.index(river)
    span = (start, start + len(river))
    question = f"Which river does the {year} bridge of {city} cross?"
    return Example(f"{title}-{number}", question, context, (span,), title)


EXAMPLES = [example(n) for n in range(8)] + [example(n, "More") for n in range(8)]


def letters(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Texts as the letters in them: an embedder that prefers other paragraphs than words do."""
    counts = np.array([[text.lower().count(letter) for letter in "aeioubcdlmnrst"] for text in texts], np.float32)
    return counts / np.linalg.norm(counts, axis=1, keepdims=True).clip(1)


def facing(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    return contested(examples, count, seed, letters)


def alone(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    return retrieved(facing(examples, count, seed))


every = pytest.mark.parametrize("make", [facing, alone, swapped])
unanswered = pytest.mark.parametrize("make", [alone, swapped])


@every
@pytest.mark.parametrize("count", [0, 1, 5, 1000])
def test_there_are_never_more_than_asked_for(make: Make, count: int) -> None:
    assert len(make(EXAMPLES, count, 1)) <= count
    assert len(make(EXAMPLES, count, 1)) == count or count == 1000


@every
def test_the_seed_decides_what_is_made(make: Make) -> None:
    assert make(EXAMPLES, 6, 1) == make(EXAMPLES, 6, 1)
    assert make(EXAMPLES, 6, 1) != make(EXAMPLES, 6, 2)


@unanswered
def test_what_is_made_is_not_answered_and_named_after_its_question(make: Make) -> None:
    originals = {e.id: e for e in EXAMPLES}
    made = make(EXAMPLES, 1000, 1)
    assert made
    assert all(not negative.spans and not negative.rivals for negative in made)
    assert {negative.id.rsplit("-", 1)[0] for negative in made} <= originals.keys()
    assert len({negative.id for negative in made}) == len(made)


@every
def test_unanswerable_questions_are_not_used(make: Make) -> None:
    assert make([replace(e, spans=()) for e in EXAMPLES], 10, 1) == []


@every
def test_no_examples_make_none(make: Make) -> None:
    assert make([], 10, 1) == []


def test_a_rival_is_another_paragraph_of_the_article_and_holds_no_answer() -> None:
    contexts = {(e.title, e.context) for e in EXAMPLES}
    made = facing(EXAMPLES, 1000, 1)
    assert {replace(e, rivals=()) for e in made} <= set(EXAMPLES)
    for example in made:
        (rival,) = example.rivals
        assert rival != example.context
        assert (example.title, rival) in contexts
        assert not any(answer.lower() in rival.lower() for answer in example.answers)


def test_a_rival_read_alone_is_the_same_question_without_an_answer() -> None:
    for example, negative in zip(facing(EXAMPLES, 6, 1), alone(EXAMPLES, 6, 1), strict=True):
        assert (negative.question, negative.context) == (example.question, example.rivals[0])


@pytest.mark.parametrize("near", ["in words", "in meaning"])
def test_rivals_are_near_in_words_or_near_in_meaning(near: str) -> None:
    """Ten paragraphs: three share the question's words, three its meaning, four neither."""
    texts = [f"The zebra of number {n} eats grass." for n in range(3)]
    texts += [f"Striped horses, herd {n}, live outside." for n in range(3)]
    texts += [f"Weather report {n}: rain." for n in range(4)]

    def embed(given: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.array([[1, 0] if "herd" in text or "zebra?" in text else [0, 1] for text in given], np.float32)

    own = Example("1", "What eats the zebra?", "Lions do.", ((0, 5),), "T")
    others = [Example(f"o{n}", f"Is it {n}?", text, ((0, 3),), "T") for n, text in enumerate(texts)]
    found = {e.rivals[0] for seed in range(40) for e in contested([own, *others], 99, seed, embed) if e.id == "1"}
    assert found & set(texts[:3] if near == "in words" else texts[3:6])
    assert not found & set(texts[6:])


def test_a_paragraph_with_the_answer_in_another_case_is_no_rival() -> None:
    first = example(0)
    second = replace(example(1), context=example(1).context.replace("quarry", "DANUBE quarry"))
    assert [n.id for n in facing([first, second], 10, 1)] == ["Cities-1"]


def test_an_article_of_one_paragraph_has_no_rivals() -> None:
    assert facing([example(0)], 10, 1) == []


def test_paragraphs_of_stop_words_alone_can_still_be_near_in_meaning() -> None:
    made = facing([Example(str(n), "Who is it?", text, ((0, 2),), "T") for n, text in enumerate("is it".split())], 9, 1)
    assert [(e.context, e.rivals) for e in sorted(made, key=lambda e: e.id)] == [("is", ("it",)), ("it", ("is",))]


def test_a_swapped_question_differs_in_one_name_or_number_that_the_paragraph_lacks() -> None:
    originals = {e.id: e for e in EXAMPLES}
    for negative in swapped(EXAMPLES, 1000, 1):
        original = originals[negative.id.removesuffix("-swapped")]
        assert negative.context == original.context
        before, after = (re.findall(r"\w+", e.question) for e in (original, negative))
        changed = [(b, a) for b, a in zip(before, after, strict=True) if b != a]
        assert len(changed) == 1
        old, new = changed[0]
        assert old in original.context
        assert new.lower() not in original.context.lower()


@pytest.mark.parametrize(
    ("there", "foreign"), [("3.5", "4.5"), ("UK", "US"), ("the 1850s", "1850"), ("Old Vienna", "vienna")]
)
def test_what_the_paragraph_says_is_never_swapped_in(there: str, foreign: str) -> None:
    """Short words and decimals count too: "US" stands in a paragraph about the US."""
    first = replace(example(0), context=f"{example(0).context} {foreign} and {there}.")
    other = replace(example(1), question=f"Was it the {foreign.title() if foreign.isalpha() else foreign} bridge?")
    for seed in range(20):
        for negative in swapped([first, other], 10, seed):
            if negative.id.startswith("Cities-0"):
                assert foreign.lower() not in negative.question.lower().replace(first.question.lower(), "")


def test_a_name_is_never_cut_at_its_points() -> None:
    first = replace(example(0), question="Did the U.S. build it?", context="The U.S. army built it near Vienna.")
    other = replace(example(1), question="Did the city of Prague build it?", context="Prague built it.")
    (negative,) = (n for n in swapped([first, other], 9, 1) if n.id.startswith("Cities-0"))
    assert negative.question == "Did the Prague build it?"


def test_a_year_is_replaced_by_a_year() -> None:
    for negative in swapped(EXAMPLES, 1000, 1):
        assert re.search(r"the 18\d\d bridge", negative.question)


def test_a_question_without_a_name_or_number_is_not_swapped() -> None:
    plain = [replace(e, question="which river is it?") for e in EXAMPLES]
    assert swapped(plain, 10, 1) == []


def test_a_name_is_taken_only_from_the_same_article() -> None:
    assert swapped([example(0, "One"), example(1, "Two")], 10, 1) == []
