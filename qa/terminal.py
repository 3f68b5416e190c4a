"""Results, figures and progress as a terminal shows them, and as `--json` prints them.

Knows lines and colours. Never knows which command was given.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from index.errors import QAError
from index.store import BuildReport, Heading, Learned
from index.store import Progress as Told
from qa.answer import Answer, Citation, NoAnswer, support
from qa.evaluation.answers import Score

out, err = Console(highlight=False), Console(stderr=True, highlight=False)


def plainly(command: Callable[[], None], name: str, debug: bool = False) -> None:
    """Run a command; an error becomes one line on standard error and an exit status: 2 if the user can mend it."""
    try:
        command()
    except Exception as error:
        if debug:
            raise
        known = isinstance(error, QAError)
        said = str(error) if known else f"unexpected {type(error).__name__}: {error} (--debug shows where)"
        err.print(Text(f"{name}: {' '.join(said.split())}"), soft_wrap=True)
        sys.exit(2 if known else 1)


def print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()  # who reads the refreshes of a watched index is to have each at once


def print_result(result: Answer | NoAnswer) -> None:
    """An answer, or a refusal, as a person reads it."""
    if not result.found:
        out.print(f"I could not find this in the articles. [dim](best guess {result.confidence:.0%} likely)[/]")
        for citation in result.closest:
            out.print(Text(f"\n  {citation_line(citation)}", style="dim"))
            out.print(Text(f"  {citation.quote}"), soft_wrap=True)
        return
    out.print(Text(result.text, style="bold"), f"[dim]({result.confidence:.0%} likely; {support(result)})[/]")
    _print_citations(result.citations)
    for part in result.parts[1:]:
        out.print("\nand:", Text(part.text, style="bold"), f"[dim]({part.confidence:.0%} likely)[/]")
        _print_citations(part.citations)
    for other in result.disagreements:
        out.print("\nThe articles differ:", Text(other.text, style="bold"), f"[dim]({other.confidence:.0%} likely)[/]")
        _print_citations(other.citations)
    for other in result.alternatives:
        out.print(
            Text(
                f"\n  or: {other.text} ({other.confidence:.0%} likely; {other.citations[0].article.title})", style="dim"
            )
        )


def _print_citations(citations: Iterable[Citation]) -> None:
    for number, citation in enumerate(citations, 1):
        out.print(Text(f"\n  [{number}] {citation_line(citation)}", style="dim"))
        sentence = Text(f"  {' '.join(citation.sentence.split())}")
        sentence.highlight_words([" ".join(citation.quote.split())], "bold reverse")
        out.print(sentence, soft_wrap=True)


def print_scores(scores: Iterable[Score]) -> None:
    """One line for each scored question: right or wrong, how sure, what was asked and answered."""
    for score in scores:
        right = score.right if score.question.answers else not score.result.found
        mark = "[green]right[/]" if right else "[red]wrong[/]"
        given = score.result.text if score.result.found else "(declined)"
        line = f"{score.result.confidence:.2f}  {score.question.question}  →  {given}"
        out.print(mark, Text(line), soft_wrap=True)


def print_articles(headings: Iterable[Heading]) -> None:
    """A table with each id whole, as `--remove` takes it; below an article's own are those of its exact copies."""
    table = Table(Column("id", overflow="fold"), "title", "outlet", "published", box=None)
    for heading in headings:
        ids = "\n= ".join((heading.id, *heading.copies))
        table.add_row(*(Text(cell) for cell in (ids, heading.title, heading.source, str(heading.published or ""))))
    wide = out if out.is_terminal else Console(highlight=False, width=sys.maxsize)  # a program reads lines, not columns
    wide.print(table)


def print_aliases(learned: Iterable[Learned]) -> None:
    """A line for each pair of names and place it was learned from; of a spelling, also the article with the first."""
    for pair in learned:
        place = f"{pair.article_id}:{pair.start}-{pair.end}" + (f" beside {pair.beside}" if pair.beside else "")
        out.print(Text(f"{pair.one} = {pair.other} ({pair.kind}; {place})"), soft_wrap=True)


def heading_as_dict(heading: Heading) -> dict[str, Any]:
    about = {name: getattr(heading, name) for name in ("id", "title", "source", "url", "author")}
    published = heading.published and heading.published.isoformat()
    return about | {"published": published, "origins": [heading.id, *heading.copies]}


def citation_line(citation: Citation) -> str:
    """Title, author, outlet, date and page, as far as they are known, and the place in the file."""
    article = citation.article
    page = f"page {citation.page}" if citation.page else ""
    known = [article.title, article.author, article.source, str(article.published or ""), page]
    return f"{', '.join(part for part in known if part)} ({article.id}:{citation.start}-{citation.end})"


def told_report(report: BuildReport, address: str) -> str:
    """One line: what a build changed, and the index that it changed."""
    changes = [
        (len(report.added), "added"),
        (len(report.changed), "changed"),
        (len(report.removed), "removed"),
        (report.unchanged, "unchanged"),
        (report.copies, "copies among them"),
        (len(report.excluded), "left out as they were removed"),
    ]
    counts = ", ".join(f"{count:,} {name}" for count, name in changes if count)
    passages = f"{report.passages:,} passages, {report.embedded:,} embedded"
    return f"{counts}: {passages}, in {report.seconds:.1f} s ({address})"


def report_as_dict(report: BuildReport) -> dict[str, Any]:
    fields = (
        "added", "changed", "removed", "unchanged", "excluded", "copies",
        "passages", "embedded", "generation", "seconds",
    )  # fmt: skip
    skipped = [{"path": s.path, "reason": s.reason} for s in report.skipped]
    return {name: getattr(report, name) for name in fields} | {"skipped": skipped}


def print_figures(figures: dict[str, Any]) -> None:
    """Figures by name; those that are figures of several things themselves as a table of their own below."""
    table = Table(show_header=False, box=None)
    for name, value in figures.items():
        if not isinstance(value, dict):
            table.add_row(name.replace("_", " "), "–" if value is None else str(value))
    out.print(table)
    for name, rows in figures.items():
        if isinstance(rows, dict) and rows:
            columns = next(iter(rows.values()))
            inner = Table(name, *columns, box=None)
            for row, values in rows.items():
                inner.add_row(row, *(str(values[column]) for column in columns))
            out.print()
            out.print(inner)


@contextmanager
def progress_bar() -> Iterator[Told]:
    """A bar on standard error that follows the stages of a build."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield told


@contextmanager
def counted(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for a known number of things."""
    finished = 0
    with progress_bar() as told:

        def done(count: int) -> None:
            nonlocal finished
            finished += count
            told(what, finished, total)

        yield done
