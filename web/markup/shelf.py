"""The list of articles as HTML, and what a change of them did.

Knows headings, and the reports of builds. Never knows how articles are searched, nor how a change was started.
"""

from collections.abc import Sequence

from index.store import BuildReport, Heading
from web.engine import Shelf
from web.markup.text import counted, literal, short_day, title

REASONS_SHOWN = 20
REMOVED_SHOWN = 50

_STAGES = {"reading": "Reading the files", "cutting": "Cutting into passages", "embedding": "Embedding passages"}


def shelf(found: Shelf, search: str = "", may_change: bool = False, is_full: bool = False) -> str:
    """A page of articles, each with a button that opens it and, where that is allowed, one that removes it.

    Below one that `is_full` no more are offered.
    """
    if not found.headings:
        nothing = "No article holds these words." if search.strip() else "There are no articles yet."
        return f'<section class="shelf"><p class="meta">{nothing}</p></section>'
    left_out = found.total - len(found.headings)
    more = ""
    if left_out > 0 and is_full:
        more = f'<p class="meta rest">{counted(left_out, "more article")}: search to see the rest</p>'
    elif left_out > 0:
        more = f'<button type="button" class="more">Show more ({left_out:,} left)</button>'
    remove = '<th scope="col"><span class="unseen">Remove</span></th>' if may_change else ""
    rows = "".join(_row(heading, may_change) for heading in found.headings)
    return (
        f'<section class="shelf"><p class="meta total" role="status">{counted(found.total, "article")}</p>'
        '<table><thead><tr><th scope="col">Article</th><th scope="col">Outlet</th><th scope="col">Date</th>'
        f'<th scope="col" class="figure">Passages</th>{remove}</tr></thead><tbody>{rows}</tbody></table>'
        f"{more}</section>"
    )


def removed(article_ids: Sequence[str]) -> str:
    """The articles that were removed, each with a button that lets it in again."""
    if not article_ids:
        return ""
    rows = "".join(
        f'<li><bdi>{literal(article_id)}</bdi> <button type="button" class="restore" value="{literal(article_id)}" '
        f'aria-label="Restore {literal(article_id)}">Restore</button></li>'
        for article_id in article_ids[:REMOVED_SHOWN]
    )
    left_out = len(article_ids) - REMOVED_SHOWN
    more = f"<li>and {left_out:,} more</li>" if left_out > 0 else ""
    return f'<details class="removed"><summary>Removed ({len(article_ids):,})</summary><ul>{rows}{more}</ul></details>'


def report(report: BuildReport) -> str:
    """What a build did, in one line; what it had to skip, and why, below."""
    parts = ((report.added, "added"), (report.changed, "changed"), (report.removed, "removed"))
    done = ", ".join(f"{len(ids)} {word}" for ids, word in parts if ids) or "nothing has changed"
    line = f"Done in {report.seconds:.1f} s: {done}; {report.unchanged} unchanged, {report.passages:,} passages."
    if not report.skipped:
        return said(line)
    reasons = "".join(
        f"<li><bdi>{literal(str(skipped.path))}</bdi>: {literal(skipped.reason)}</li>"
        for skipped in report.skipped[:REASONS_SHOWN]
    )
    left_out = len(report.skipped) - REASONS_SHOWN
    more = f"<li>and {left_out} more</li>" if left_out > 0 else ""
    return (
        f'<div class="report" role="status"><p>{line}</p><details open><summary>{len(report.skipped)} skipped</summary>'
        f"<ul>{reasons}{more}</ul></details></div>"
    )


def said(line: str) -> str:
    """One line about a change that went well; the line is our own."""
    return f'<div class="report" role="status"><p>{line}</p></div>'


def progress(stage: str, done: int, total: int) -> str:
    """How far a change has come; a total of 0 is not known."""
    name = _STAGES.get(stage, stage.capitalize())
    of = f'max="{total}" value="{done}"' if total else ""
    figures = f"{done:,} of {total:,}" if total else f"{done:,}"
    return (
        f'<div class="report working"><p role="status">{literal(name)}</p>'
        f'<progress {of} aria-label="{literal(name)}"></progress><p class="meta">{figures}</p></div>'
    )


def _row(heading: Heading, may_change: bool) -> str:
    name, id_ = title(heading), literal(heading.id)
    copies = ""
    if heading.copies:
        also = ", ".join(map(literal, heading.copies))
        word = "copy" if len(heading.copies) == 1 else "copies"
        copies = f'<span class="meta copies" title="{also}">{len(heading.copies)} exact {word}</span>'
    remove = (
        f'<td><button type="button" class="remove" value="{id_}" aria-label="Remove {name}">Remove</button></td>'
        if may_change
        else ""
    )
    return (
        f'<tr><th scope="row"><button type="button" class="open" value="{id_}"><bdi class="title">{name}</bdi></button>'
        f"{copies}</th><td><bdi>{literal(heading.source) or '–'}</bdi></td>"
        f'<td class="date">{short_day(heading.published) if heading.published else "–"}</td>'
        f'<td class="figure">{heading.passages:,}</td>{remove}</tr>'
    )
