"""What the terminal says of a citation is what is known of it, and nothing that is not."""

from datetime import date

from index.article import Article
from qa.answer import Citation
from qa.terminal import citation_line


def test_a_citation_is_told_with_its_author_outlet_date_and_page() -> None:
    article = Article("a.pdf", "Votes", "One. Two.", "Planet", "", date(2017, 11, 3), "Ada Wright", pages=(0, 5))
    line = citation_line(Citation(article, 5, 8, "Two."))
    assert line == "Votes, Ada Wright, Planet, 2017-11-03, page 2 (a.pdf:5-8)"


def test_what_is_not_known_of_a_citation_is_left_out() -> None:
    assert citation_line(Citation(Article("a.txt", "Votes", "One."), 0, 3, "One.")) == "Votes (a.txt:0-3)"
