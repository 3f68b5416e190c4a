"""What a change of the index did, as HTML.

Knows the report of a build. Never knows how it was started.
"""

from index.build import BuildReport
from web.markup.text import literal

REASONS_SHOWN = 20


def report(report: BuildReport) -> str:
    """What a rebuild did, in one line; what it had to skip, and why, below."""
    parts = ((report.added, "added"), (report.changed, "changed"), (report.removed, "removed"))
    done = ", ".join(f"{len(ids)} {word}" for ids, word in parts if ids) or "nothing has changed"
    line = f"Rebuilt in {report.seconds:.1f} s: {done}; {report.unchanged} unchanged, {report.passages:,} passages."
    if not report.skipped:
        return f'<div class="report" role="status">{line}</div>'
    reasons = "".join(
        f"<li>{literal(str(skipped.path))}: {literal(skipped.reason)}</li>"
        for skipped in report.skipped[:REASONS_SHOWN]
    )
    left_out = len(report.skipped) - REASONS_SHOWN
    more = f"<li>and {left_out} more</li>" if left_out > 0 else ""
    return (
        f'<div class="report" role="status">{line}<details open><summary>{len(report.skipped)} skipped</summary>'
        f"<ul>{reasons}{more}</ul></details></div>"
    )
