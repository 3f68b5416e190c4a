"""Insight tells why an answer was given or not, in figures that agree with the engine's."""

import math
import re
from dataclasses import fields, replace
from typing import Any

import pytest

from index.article import Article
from qa.answer import Answer, NoAnswer
from qa.confidence import Features
from qa.pipeline import Examination
from web.engine import Engine
from web.markup import insight

ASKED = "Who opened the harbour of Tallow Bay?"


def shown(engine: Engine, question: str, least: float) -> tuple[Examination, Answer | NoAnswer, str]:
    found = engine.examine(question)
    result = engine.decide(found, least)
    calibration = replace(engine.calibration, threshold=least)
    return found, result, insight.insight(found, result, engine.beliefs(found), calibration)


def test_it_says_whether_and_why_something_was_answered(engine: Engine, elements: Any) -> None:
    _, answer, markup = shown(engine, ASKED, 0.0)
    assert answer.found and "Answered" in markup
    _, refusal, markup = shown(engine, ASKED, 1.0)
    assert not refusal.found and "Declined" in markup and "left:100.0%" in markup


def test_what_speaks_for_an_answer_adds_up_to_its_probability(engine: Engine) -> None:
    _, answer, markup = shown(engine, ASKED, 0.0)
    table = markup[markup.index("What speaks for") : markup.index("Possible answers")]
    added = re.findall(r'<td class="figure">([+−][\d.]+)</td><td class="plot">', table)
    log_odds = sum(float(figure.replace("−", "-")) for figure in added)
    assert len(added) == len(fields(Features)) + 1  # and what is there before any of them
    assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(answer.confidence, abs=0.01)


def test_every_passage_and_step_is_there(engine: Engine) -> None:
    found, _, markup = shown(engine, ASKED, 0.0)
    assert re.findall(r'class="passage" value="(\d+)"', markup) == [str(n) for n in range(len(found.retrieved))]
    for step in found.seconds:
        assert f'<th scope="row">{step.capitalize()}</th>' in markup


def test_hostile_articles_stay_text(engine: Engine, trap: Article, hostile: str, harmless: Any) -> None:
    found = engine.examine(ASKED)
    articles = {name: replace(trap, id=name, text=hostile * 9) for name in found.articles}
    candidates = tuple(replace(c, article=articles[c.article.id]) for c in found.candidates)
    groups = tuple(
        replace(g, candidates=tuple(replace(c, article=articles[c.article.id]) for c in g.candidates))
        for g in found.groups
    )
    trapped = replace(found, articles=articles, candidates=candidates, groups=groups, understood=hostile)
    result = engine.decide(found, 0.0)
    assert harmless(insight.insight(trapped, result, engine.beliefs(found), engine.calibration))


def test_where_nothing_is_held_nothing_is_claimed_of_what_was_asked(elements: Any) -> None:
    said = elements(insight.nothing()).text
    assert "ask one again, to see how its answer comes about" in said and "asked" not in said
