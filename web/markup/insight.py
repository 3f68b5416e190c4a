"""How the last result came about, as HTML: the decision, the possible answers, the passages, the time.

Knows what an examination holds. Never knows how any of it is computed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from qa.answer import Answer, NoAnswer
from qa.confidence import Calibration, Features
from qa.evidence import Candidate, Group
from qa.pipeline import Examination
from qa.retriever import ScoredPassage
from web.markup.text import counted, literal, percent, title

ANSWERS_SHOWN = 8

_FEATURES = {
    "margin": ("Reader", "how much rather it takes this span than none, in logits"),
    "lead": ("Lead", "over the best other answer, in logits"),
    "retrieved": ("Retrieval", "fused score of its passage, 0 to 1"),
    "cosine": ("Meaning", "similarity of question and nearest sentence, −1 to 1"),
    "agreement": ("Agreement", "log of the passages that are believed to say the same"),
    "beside": ("Side by side", "the same as the reader's, read together with its rivals, in logits"),
}


def insight(found: Examination, result: Answer | NoAnswer, beliefs: Sequence[float], calibration: Calibration) -> str:
    """Everything about one examination, at the threshold that `calibration` holds."""
    features = found.features[0] if found.features else None
    contributions = _contributions(features, calibration) if features else ""
    return (
        f'<section class="insight"><h2>{literal(found.understood)}</h2>{_decision(result, calibration.threshold)}'
        f"{contributions}{_answers(found.groups, beliefs)}{_passages(found)}{_time(found.seconds)}</section>"
    )


def nothing() -> str:
    """What stands there where no result is held: before the first question, and in a conversation that came back."""
    return (
        '<section class="insight"><h2>Nothing to explain yet</h2><p>Ask a question, or ask one again, to see how its '
        "answer comes about: what is searched and read, what is weighed, and how long it takes.</p></section>"
    )


def _decision(result: Answer | NoAnswer, threshold: float) -> str:
    chance, least = percent(result.confidence), percent(threshold)
    if isinstance(result, Answer):
        said = f"<strong>Answered</strong>: {chance} reaches the {least} that an answer needs now."
    elif result.alternatives:
        said = f"<strong>Declined</strong>: {chance} falls short of the {least} that an answer needs now."
    else:
        said = "<strong>Declined</strong>: nothing was found that could be an answer."
    name = f"Probability {chance}, threshold {least}"
    return (
        f'<p class="decision">{said}</p><div class="gauge" role="img" aria-label="{name}">'
        f'<span class="fill" style="width:{result.confidence:.1%}"></span>'
        f'<span class="tick" style="left:{threshold:.1%}"></span></div>'
    )


def _contributions(features: Features, calibration: Calibration) -> str:
    """What each feature adds to the log-odds of the best answer, or takes from them."""
    weights = asdict(calibration.weights)
    parts = [(name, value, weights[name] * value) for name, value in asdict(features).items()]
    reach = max(abs(calibration.intercept), *(abs(added) for _, _, added in parts)) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{_FEATURES[name][0]}<span class="meta">{_FEATURES[name][1]}</span></th>'
        f'<td class="figure">{_figure(value)}</td><td class="figure">{_signed(added)}</td>{_swing(added, reach)}</tr>'
        for name, value, added in parts
    )
    base = (
        f'<tr><th scope="row">Before any of this</th><td class="figure">–</td>'
        f'<td class="figure">{_signed(calibration.intercept)}</td>{_swing(calibration.intercept, reach)}</tr>'
    )
    total = calibration.intercept + sum(added for _, _, added in parts)
    return _section(
        "What speaks for the best answer, and against it",
        ("What is known", ">Value", ">Log-odds", ""),
        f"{rows}{base}",
        f'<p class="meta">Together {_signed(total)}, which is a probability of '
        f"{percent(calibration.probability(features))}.</p>",
    )


def _answers(groups: Sequence[Group], beliefs: Sequence[float]) -> str:
    rows = "".join(
        f'<tr><th scope="row"><bdi>{literal(same.best.quote)}</bdi></th><td class="figure">{percent(belief)}</td>'
        f'<td class="figure">{_signed(same.best.margin)}</td>'
        f'<td class="figure">{_signed(same.score)}</td>'
        f'<td class="figure">{len(same.believed)}</td></tr>'
        for same, belief in list(zip(groups, beliefs, strict=True))[:ANSWERS_SHOWN]
    )
    if not rows:
        return ""
    columns = ("Answer", ">Probability", ">Reader", ">With retrieval", ">Passages")
    return _section("Possible answers", columns, rows)


def _passages(found: Examination) -> str:
    best = _best_spans(found.candidates)
    reach = max((retrieved.score for retrieved in found.retrieved), default=1.0) or 1.0
    rows = "".join(
        _passage(place, retrieved, found, best.get(retrieved.number), reach)
        for place, retrieved in enumerate(found.retrieved)
    )
    if not rows:
        return ""
    columns = ("Passage", ">Meaning", ">Words", ">Fused", "", "Best span in it")
    unread = len({candidate.retrieved.number for candidate in found.candidates}) < len(found.retrieved)
    note = (
        '<p class="meta">Meaning is the rank and cosine of the dense search, words those of BM25. '
        f"{'What could not have changed the answer was not read.' if unread else ''}</p>"
    )
    return _section(f"The {counted(len(found.retrieved), 'passage')} found", columns, rows, note)


def _passage(place: int, retrieved: ScoredPassage, found: Examination, best: Candidate | None, reach: float) -> str:
    article = found.articles[retrieved.passage.article_id]
    text = " ".join(article.text[retrieved.passage.start : retrieved.passage.end].split())
    excerpt = text if len(text) <= 90 else text[:90].rpartition(" ")[0] + " …"
    span = f'<bdi>{literal(best.quote)}</bdi> <span class="meta">{_signed(best.margin)}</span>' if best else "not read"
    return (
        f'<tr><th scope="row"><button type="button" class="passage" value="{place}"><bdi class="title">'
        f'{title(article)}</bdi><span class="excerpt">{literal(excerpt)}</span></button></th>'
        f'<td class="figure">{_rank(retrieved.dense_rank, f"{retrieved.cosine:.2f}")}</td>'
        f'<td class="figure">{_rank(retrieved.words_rank, f"{retrieved.bm25:.1f}")}</td>'
        f'<td class="figure">{retrieved.score:.2f}</td>'
        f'<td class="plot">{_bar(retrieved.score / reach)}</td><td>{span}</td></tr>'
    )


def _best_spans(candidates: Iterable[Candidate]) -> dict[int, Candidate]:
    """The most believed span of each passage, by the passage's number."""
    best: dict[int, Candidate] = {}
    for candidate in candidates:
        number = candidate.retrieved.number
        if number not in best or candidate.margin > best[number].margin:
            best[number] = candidate
    return best


def _time(seconds: dict[str, float]) -> str:
    whole = sum(seconds.values()) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{literal(step.capitalize())}</th><td class="figure">{took * 1000:,.0f} ms</td>'
        f'<td class="plot">{_bar(took / whole)}</td></tr>'
        for step, took in seconds.items()
    )
    return _section("Time", ("Step", ">Took", ""), rows, f'<p class="meta">{whole:.2f} s together.</p>')


def _section(name: str, columns: Sequence[str], rows: str, below: str = "") -> str:
    """A headed table; a column whose name begins with > holds figures, one without a name bars that say them again."""
    kinds = ((column.lstrip(">"), "figure" if column.startswith(">") else "name") for column in columns)
    cells = "".join(f'<th scope="col" class="{kind}">{name}</th>' if name else "<td></td>" for name, kind in kinds)
    return (
        f'<section><h3>{name}</h3><div class="wide" tabindex="0" role="region" aria-label="{name}">'
        f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>{below}</section>"
    )


def _rank(rank: int | None, score: str) -> str:
    return "–" if rank is None else f'{rank}<span class="meta">{score}</span>'


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _figure(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _bar(share: float) -> str:
    return f'<span class="bar" aria-hidden="true"><span style="width:{max(0.0, min(1.0, share)):.1%}"></span></span>'


def _swing(value: float, reach: float) -> str:
    """A bar to the right of the middle for what speaks for an answer, to the left for what speaks against it."""
    share = min(1.0, abs(value) / reach) / 2
    side = "left:50%" if value >= 0 else f"left:{0.5 - share:.1%}"
    kind = "up" if value >= 0 else "down"
    return (
        f'<td class="plot"><span class="swing" aria-hidden="true"><span class="{kind}" '
        f'style="{side};width:{share:.1%}"></span></span></td>'
    )
