"""What the terminal says of a citation is what is known of it, and nothing that is not."""

from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from index.article import Article
from index.store import Heading
from qa import terminal
from qa.answer import Alternative, Answer, Citation
from qa.terminal import citation_line, print_articles, print_result


def test_a_citation_is_told_with_its_author_outlet_date_and_page() -> None:
    article = Article("a.pdf", "Votes", "One. Two.", "Planet", "", date(2017, 11, 3), "Ada Wright", pages=(0, 5))
    line = citation_line(Citation(article, 5, 8, "Two."))
    assert line == "Votes, Ada Wright, Planet, 2017-11-03, page 2 (a.pdf:5-8)"


def test_what_is_not_known_of_a_citation_is_left_out() -> None:
    assert citation_line(Citation(Article("a.txt", "Votes", "One."), 0, 3, "One.")) == "Votes (a.txt:0-3)"


def test_an_answer_in_parts_is_told_part_by_part_each_with_its_citation(capsys: pytest.CaptureFixture[str]) -> None:
    article = Article("ferries.txt", "Ferries", "The ferry calls at Kiel. On Sundays it calls at Oslo.")
    kiel, oslo = Citation(article, 19, 23, "The ferry calls at Kiel."), Citation(article, 48, 52, "")
    parts = Alternative("Kiel", 0.91, (kiel,)), Alternative("Oslo", 0.62, (oslo,))
    print_result(Answer("Where does it call?", "Kiel", 0.91, (kiel,), parts=parts))
    told = capsys.readouterr().out
    assert told.index("Kiel (91% likely; 1 article)") < told.index("and: Oslo (62% likely)")
    assert told.index("and: Oslo") < told.index("Ferries (ferries.txt:48-52)")
    assert told.count("ferries.txt:19-23") == 1


LONG = "reports/2017/11/03/" + "x" * 90 + ".txt"
HEADING = Heading(LONG, "A title " * 20, "Herald", "", date(2017, 11, 3), "", 1, ())


def test_a_program_gets_an_article_on_a_line_however_long_its_id_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_articles([HEADING])
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "reports" in line)
    assert line.split()[0] == LONG and line.split()[-1] == "2017-11-03"


def test_on_a_terminal_no_letter_of_an_id_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=shown, force_terminal=True, width=80, color_system=None))
    print_articles([HEADING])
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(line[: lines[0].index("title")].strip() for line in lines[1:]) == LONG
