"""What the page shows of an article and its author is harmless, and a citation of paper has its page."""

from datetime import date

from index.article import Article
from qa.answer import Answer, Citation
from web.markup import reading, result, text

PAPER = Article("a.pdf", "Votes", "One. Two.", "Planet", "", date(2017, 11, 3), "Ada <b>Wright</b>", pages=(0, 5))


def shown(article: Article) -> str:
    return result.result(Answer("Who?", "Two", 0.9, (Citation(article, 5, 8, "Two."),)), 0)


def test_a_citation_shows_author_outlet_date_and_page() -> None:
    author = text.literal("Ada <b>Wright</b>")
    assert f'<span class="meta">{author} · Planet · 3 November 2017 · page 2</span>' in shown(PAPER)
    assert f'<p class="meta">{author} · Planet · 3 November 2017</p>' in reading.article(PAPER, "1")


def test_an_article_without_pages_shows_none() -> None:
    assert "page" not in shown(Article("a.txt", "Votes", PAPER.text))
