import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from qa.negatives import retrieved, swapped
from qa.squad import Example

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

both = pytest.mark.parametrize("make", [retrieved, swapped])


@both
@pytest.mark.parametrize("count", [0, 1, 5, 1000])
def test_there_are_never_more_than_asked_for(make: Make, count: int) -> None:
    assert len(make(EXAMPLES, count, 1)) <= count
    assert len(make(EXAMPLES, count, 1)) == count or count == 1000


@both
def test_the_seed_decides_what_is_made(make: Make) -> None:
    assert make(EXAMPLES, 6, 1) == make(EXAMPLES, 6, 1)
    assert make(EXAMPLES, 6, 1) != make(EXAMPLES, 6, 2)


@both
def test_what_is_made_is_not_answered_and_named_after_its_question(make: Make) -> None:
    originals = {e.id: e for e in EXAMPLES}
    made = make(EXAMPLES, 1000, 1)
    assert made
    assert all(not negative.spans for negative in made)
    assert {negative.id.rsplit("-", 1)[0] for negative in made} <= originals.keys()
    assert len({negative.id for negative in made}) == len(made)


@both
def test_unanswerable_questions_are_not_used(make: Make) -> None:
    assert make([replace(e, spans=()) for e in EXAMPLES], 10, 1) == []


@both
def test_no_examples_make_none(make: Make) -> None:
    assert make([], 10, 1) == []


def test_a_retrieved_paragraph_is_another_of_the_article_and_holds_no_answer() -> None:
    originals = {e.id: e for e in EXAMPLES}
    contexts = {(e.title, e.context) for e in EXAMPLES}
    for negative in retrieved(EXAMPLES, 1000, 1):
        original = originals[negative.id.removesuffix("-retrieved")]
        assert negative.question == original.question
        assert negative.context != original.context
        assert (original.title, negative.context) in contexts
        assert not any(answer.lower() in negative.context.lower() for answer in original.answers)


def test_a_paragraph_with_the_answer_in_another_case_is_not_retrieved() -> None:
    first = example(0)
    second = replace(example(1), context=example(1).context.replace("quarry", "DANUBE quarry"))
    assert [n.id for n in retrieved([first, second], 10, 1)] == ["Cities-1-retrieved"]


def test_an_article_of_one_paragraph_gives_no_retrieved_negative() -> None:
    assert retrieved([example(0)], 10, 1) == []


def test_paragraphs_of_stop_words_alone_give_none() -> None:
    made = retrieved(
        [Example(str(n), "Who is it?", text, ((0, 2),), "T") for n, text in enumerate("is it".split())], 9, 1
    )
    assert made == []


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


def test_a_year_is_replaced_by_a_year() -> None:
    for negative in swapped(EXAMPLES, 1000, 1):
        assert re.search(r"the 18\d\d bridge", negative.question)


def test_a_question_without_a_name_or_number_is_not_swapped() -> None:
    plain = [replace(e, question="which river is it?") for e in EXAMPLES]
    assert swapped(plain, 10, 1) == []


def test_a_name_is_taken_only_from_the_same_article() -> None:
    assert swapped([example(0, "One"), example(1, "Two")], 10, 1) == []
