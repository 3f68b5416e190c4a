"""News of our own: each question placed in the account it was written for, and the file that comes with the project."""

import gzip
import json
from collections import Counter

from qa.training.news import FILE, news

WIRE = "Soldiers retook the town of Karsa in June, the army said."
PAPER = "Karsa, lost last winter, is in the army's hands again, officials say."


def test_questions_are_put_to_the_account_they_were_written_for(tmp_path):
    accounts = [
        {"title": "Karsa", "text": WIRE, "questions": [["When did they lose Karsa?", [37, 41]], ["Who led them?"]]},
        {"title": "Karsa", "text": PAPER, "questions": [["When did the army lose Karsa?", [12, 23]]]},
    ]
    path = tmp_path / "news.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(account) + "\n" for account in accounts).encode()))
    june, nobody, winter = news(path)
    assert (june.question, june.answers, june.context) == ("When did they lose Karsa?", ["June"], WIRE)
    assert (nobody.spans, nobody.context) == ((), WIRE)
    assert (winter.answers, winter.context) == (["last winter"], PAPER)
    assert june.title == winter.title and len({june.id, nobody.id, winter.id}) == 3


def test_the_news_that_comes_with_the_project_is_whole():
    made = news(FILE)
    assert len({(e.context, e.question.lower()) for e in made}) == len(made) > 2_000
    assert all(0 <= start < end <= len(e.context) for e in made for start, end in e.spans)
    assert all(text == text.strip() for e in made for text in e.answers)
    assert 0.3 < sum(not e.spans for e in made) / len(made) < 0.6
    accounts = Counter(title for title, _ in {(e.title, e.context) for e in made})
    assert max(accounts.values()) <= 4
