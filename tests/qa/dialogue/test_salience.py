import json
from pathlib import Path

import pytest

from qa.dialogue.salience import WEIGHTS, Weights, needs, question_features, ranked, topic_features
from qa.dialogue.topics import Memory


def after(*questions: str) -> Memory:
    memory = Memory()
    for question in questions:
        memory = memory.after(question, question, None)
    return memory


def test_a_pronoun_makes_a_need_likelier() -> None:
    memory = after("What is throat cancer?")
    assert needs("Is it treatable?", memory) > 0.9 > 0.3 > needs("Who won the 2018 World Cup in Russia?", memory)


def test_what_was_just_asked_about_is_likelier_than_what_was_asked_long_ago() -> None:
    memory = after("What is throat cancer?", "Who leads Iraq?", "Where is Mosul?", "What about Raqqa?")
    likely = [topic.text for topic, _ in ranked("How big is it?", memory)]
    assert likely.index("Raqqa") < likely.index("throat cancer")


def test_the_likelihoods_of_the_topics_sum_to_one() -> None:
    likely = ranked("How big is it?", after("Where is Mosul?", "Who fled from Iraq?"))
    assert sum(likelihood for _, likelihood in likely) == pytest.approx(1)
    assert likely == sorted(likely, key=lambda pair: -pair[1])


def test_what_the_question_names_itself_is_no_candidate() -> None:
    assert "Mosul" not in {topic.text for topic, _ in ranked("Who fled Mosul?", after("Where is Mosul?"))}


def test_without_topics_nothing_is_likely() -> None:
    assert ranked("How big is it?", Memory()) == []


def test_every_shipped_weight_is_of_a_feature_that_exists() -> None:
    memory = after("What is throat cancer?", "How is it treated in Iraq by General Mayhoub?")
    of_question = {
        name
        for question in ("Did he say that it is there?", "Why do they?", "Who lives there?")
        for name in question_features(question, memory)
    }
    of_topic = {
        name
        for question in ("Did he say that it is there?", "Why do they?", "Who lives there?")
        for _, features in topic_features(question, memory)
        for name in features
    }
    weights = Weights.load()
    assert {name for name in weights.needs if ": " not in name} <= of_question
    assert set(weights.means) <= of_topic


def test_the_weights_say_where_they_come_from() -> None:
    assert "dialogue_fit.py" in json.loads(WEIGHTS.read_text(encoding="utf-8"))["note"]


def test_other_weights_give_other_beliefs(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_text(json.dumps({"needs": {"always": -20.0}, "means": {}}))
    memory = after("What is throat cancer?")
    assert needs("Is it treatable?", memory, Weights.load(file)) < 1e-6
