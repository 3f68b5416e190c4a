"""The `qa` command: one subcommand for each thing people do, and `--json` for programs.

Exit status: 0 answered or honestly declined, 2 something given cannot be used, 1 a fault of
ours. Errors are one line on standard error; `--debug` shows where they arose.
"""

import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer
from rich.text import Text

from index.address import CHECKOUT, chosen_store
from index.embedder import Embedder
from index.errors import InputError
from index.files import Skipped
from index.store import Filter, Heading, Snapshot, added, checked_kind
from index.watch import watch as follow
from qa import bound
from qa.bound import Bound
from qa.confidence import Calibration
from qa.evaluation.questions import Question, read_questions
from qa.output import check_writable
from qa.pipeline import QuestionAnswerer
from qa.reader import Reader
from qa.retriever import articles_with
from qa.squad import read_squad
from qa.terminal import (
    counted,
    err,
    heading_as_dict,
    out,
    plainly,
    print_aliases,
    print_articles,
    print_figures,
    print_json,
    print_result,
    print_scores,
    progress_bar,
    report_as_dict,
    told_report,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ask a folder of articles. Every answer is a verbatim quote with its citation, or an honest refusal.",
)

IndexDir = Annotated[Path | None, typer.Option("--index-dir", help="The index folder; by default the project's own.")]
StoreAt = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="ADDRESS",
        help="In place of a folder, Milvus: http://HOST:PORT/NAME, or a path to a .db; by default $QA_STORE, if set.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
ReaderModel = Annotated[str | None, typer.Option("--reader-model", help="Another reader: a folder or hub name.")]
EmbedderModel = Annotated[str | None, typer.Option("--embedder-model", help="Another embedder: a folder or hub name.")]
Device = Annotated[str, typer.Option(help="auto, openvino, cpu, cuda or mps.")]
Precision = Annotated[str, typer.Option(help="auto (bf16 where it agrees with f32), f32 or bf16.")]
MinConfidence = Annotated[float | None, typer.Option(help="Decline below this probability, 0 to 1.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]


@app.callback()
def options(debug: Annotated[bool, typer.Option(help="Show where an error arose.")] = False) -> None:
    """Read by `main` before anything runs; here so that `--help` names it."""


@app.command()
def index(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Folders and files of articles; the index will hold these, what was added in the chat, and no others."
        ),
    ],
    index_dir: IndexDir = None,
    store: StoreAt = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and follow each change until Ctrl-C.")] = False,
    without_added: Annotated[
        bool, typer.Option("--without-added", help="Leave out what was added in the chat; its files stay.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Publish nothing if a file or row cannot be read; name all of them.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another build of this index.")] = 0,
    vectors: Annotated[
        str | None, typer.Option(help="automatic, exact or approximate; by default as it was asked for before.")
    ] = None,
    workers: Annotated[
        str | None,
        typer.Option(help="Build with many processes: ray, or HOST:PORT or ray://HOST:PORT of a Ray cluster."),
    ] = None,
    embedder_model: EmbedderModel = None,
    device: Device = "auto",
    precision: Precision = "auto",
    as_json: AsJson = False,
) -> None:
    """Build or refresh an index: only what is new or changed is read into it.

    With --watch each refresh is one line, with --json one object a line.
    """
    kept, embedder, said = chosen_store(index_dir, store), Embedder(embedder_model, device, precision), set[Skipped]()
    if handed_in := added(kept.folder, paths):
        err.print(Text(_said_of_added(handed_in[0], without_added)), soft_wrap=True)

    def refresh() -> None:
        also = [] if without_added else added(kept.folder, paths)  # looked for anew, as the chat may add while we watch
        with progress_bar() as told:
            report = kept.build([*paths, *also], embedder, told, checked_kind(vectors), wait, strict, workers)
        if as_json:
            print_json(report_as_dict(report))
        else:
            out.print(Text(told_report(report, kept.address)), soft_wrap=True)
        for skipped in report.skipped:
            if skipped not in said:
                err.print(Text(f"skipped {skipped.path}: {skipped.reason}"), soft_wrap=True)
        said.update(report.skipped)

    if not watch:
        refresh()
        return
    with suppress(KeyboardInterrupt):
        follow(paths, kept.folder, refresh, lambda error: err.print(Text(f"qa: {error}"), soft_wrap=True), Event())


def _said_of_added(folder: Path, is_left_out: bool) -> str:
    files = sum(path.is_file() for path in folder.rglob("*"))
    count = f"{files:,} file{'' if files == 1 else 's'} that {'was' if files == 1 else 'were'} added in the chat"
    if is_left_out:
        return f"without {count}; {folder} stays as it is"
    return f"with {count}, from {folder} (--without-added leaves them out)"


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    index_dir: IndexDir = None,
    store: StoreAt = None,
    source: Annotated[list[str] | None, typer.Option(help="Only articles of this outlet; may be repeated.")] = None,
    after: Day = None,
    before: Day = None,
    min_confidence: MinConfidence = None,
    reader_model: ReaderModel = None,
    embedder_model: EmbedderModel = None,
    device: Device = "auto",
    precision: Precision = "auto",
    as_json: AsJson = False,
) -> None:
    """Ask one question."""
    asked = _from_standard_input() if question == "-" else question
    qa = QuestionAnswerer.open(index_dir, reader_model, embedder_model, min_confidence, device, precision, store=store)
    result = qa.ask(asked, (), source or (), _day(after), _day(before))
    if as_json:
        print_json(result.as_dict())
    else:
        print_result(result)


def _from_standard_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InputError(f"the question is not a text that can be read: {error.reason} in {error.encoding}") from error


@app.command("evaluate")
def evaluate_command(
    questions: Annotated[Path | None, typer.Argument(help="A question set, JSON Lines.")] = None,
    reader: Annotated[
        Path | None, typer.Option(help="Measure the reader alone on this SQuAD file (.json, .json.gz).")
    ] = None,
    open_corpus: Annotated[
        Path | None,
        typer.Option("--open", help="Ask 1,500 questions of all paragraphs of this SQuAD file (.json, .json.gz)."),
    ] = None,
    index_dir: IndexDir = None,
    store: StoreAt = None,
    sample: Annotated[
        int | None, typer.Option(help="With --reader: only this many questions, evenly spread.", min=2)
    ] = None,
    min_confidence: MinConfidence = None,
    reader_model: ReaderModel = None,
    embedder_model: EmbedderModel = None,
    device: Device = "auto",
    precision: Precision = "auto",
    as_json: AsJson = False,
) -> None:
    """Measure the answers to a question set over an index, or to SQuAD's questions with --reader or --open."""
    if [questions, reader, open_corpus].count(None) != 2:
        raise InputError("name one of these: a question set, --reader SQUAD.json, --open SQUAD.json")
    if reader:
        figures = _of_reader(reader, Reader(reader_model, device, precision), sample)
    elif open_corpus:
        encoder = Embedder(embedder_model, device, precision)
        figures = _of_open_corpus(open_corpus, Reader(reader_model, device, precision), encoder)
    else:
        asked = read_questions(questions or Path())
        qa = QuestionAnswerer.open(
            index_dir, reader_model, embedder_model, min_confidence, device, precision, store=store
        )
        figures = _of_answers(qa, asked, each=not as_json)
    if as_json:
        print_json(figures)
    else:
        print_figures(figures)


def _of_reader(squad: Path, reader: Reader, sample: int | None) -> dict[str, Any]:
    from qa.evaluation.reader import evaluate_reader

    examples = read_squad(squad)
    if sample and sample < len(examples):
        examples = [examples[place * len(examples) // sample] for place in range(sample)]
    with counted("asking", len(examples)) as done:
        return evaluate_reader(reader, examples, done).as_dict()


def _of_open_corpus(squad: Path, reader: Reader, embedder: Embedder) -> dict[str, Any]:
    from qa.evaluation.calibrate import opened
    from qa.evaluation.open_corpus import ANSWERABLE, UNANSWERABLE, draw, open_corpus

    with tempfile.TemporaryDirectory() as work:
        asked = draw(open_corpus(squad, Path(work)).held_out, ANSWERABLE, UNANSWERABLE)
        with progress_bar() as told:
            calibration, line = Calibration.of_reader(reader.folder), Bound.of_reader(reader.folder)
            qa = opened(Path(work), embedder, reader, calibration, told, line)
        return _of_answers(qa, asked)


def _of_answers(qa: QuestionAnswerer, asked: list[Question], each: bool = False) -> dict[str, Any]:
    from qa.evaluation.answers import evaluate, rounded, summarize
    from qa.evaluation.retrieval import f1_given_passage, measure_retrieval

    with counted("asking", len(asked)) as done:
        scores = evaluate(qa, asked, done)
    if each:
        print_scores(scores)
    with counted("searching", sum(bool(q.answers) for q in asked)) as done:
        retrieval = measure_retrieval(qa, asked, done)
    ways = {way: {name: round(value, 4) for name, value in found.items()} for way, found in retrieval.items()}
    given = {"f1_given_passage": rounded(f1_given_passage(qa, asked))}
    return summarize(scores).as_dict() | given | {"retrieval": ways}


@app.command("calibrate")
def calibrate_command(
    squad: Annotated[Path, typer.Argument(help="A SQuAD 2.0 validation file (.json, .json.gz), never one trained on.")],
    output: Annotated[
        Path | None,
        typer.Option(help="Where to write the confidence, and what need not be read; by default beside the reader."),
    ] = None,
    answerable: Annotated[int, typer.Option(min=1, help="Answerable questions to fit on; as many measure.")] = 1000,
    unanswerable: Annotated[int, typer.Option(min=1, help="Unanswerable questions, likewise.")] = 500,
    also: Annotated[
        Path | None, typer.Option(help="A question set over the articles of an index, to choose the threshold on too.")
    ] = None,
    index_dir: IndexDir = None,
    store: StoreAt = None,
    reader_model: ReaderModel = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Fit the confidence and its default threshold on validation questions, and report on those held out."""
    from qa.confidence import FILE
    from qa.evaluation.calibrate import Validation, calibrate

    others = [Validation(chosen_store(index_dir, store), read_questions(also))] if also else []
    reader = Reader(reader_model, device)
    beside = output or reader.folder / FILE
    for file in (beside, beside.with_name(bound.FILE)):
        check_writable(file)
    with tempfile.TemporaryDirectory() as work, progress_bar() as told:
        made = calibrate(squad, Path(work), Embedder(device=device), reader, answerable, unanswerable, told, others)
    figures = made.summary.as_dict()
    lasting, saved = (
        {name: value for name, value in measured.items() if not name.startswith("seconds")}
        for measured in (figures, made.saving.as_dict())
    )
    fitted_on = [file.name for file in (squad, also) if file]
    notes = {"reader": reader.identity, "validation": fitted_on}
    made.calibration.save(beside, **notes, held_out=lasting)
    if made.bound:
        made.bound.save(beside.with_name(bound.FILE), **notes, held_out=saved)
    else:
        beside.with_name(bound.FILE).unlink(missing_ok=True)
        costs = f"{made.saving.changed:.1%} of the answers and {made.saving.lost:.1%} of the citations"
        err.print(f"all passages are read, as to read fewer would cost {costs}")
    if as_json:
        print_json(figures)
    else:
        print_figures(figures)


@app.command("train")
def train_command(
    data: Annotated[Path, typer.Argument(help="A folder with question sets in the SQuAD format (.json, .json.gz).")],
    output: Annotated[Path, typer.Option(help="Where checkpoints and the finished reader go.")] = Path("reader"),
    encoder: Annotated[Path | None, typer.Option(help="The encoder to start from; by default the embedder.")] = None,
    passes: Annotated[float, typer.Option(min=0.0001, help="Passes over the data.")] = 1.25,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="The learning rate at its peak.")] = 1.5e-4,
    seed: Annotated[int, typer.Option(help="What the made examples and their order are drawn from.")] = 13,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 250,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; by default a GPU where there is one.")] = None,
    lineups: Annotated[Path | None, typer.Option(help="What `qa lineups` made, to be trained on as well.")] = None,
) -> None:
    """Train a reader; a run that was cut short goes on from its last checkpoint."""
    from qa.training.train import Recipe, train

    recipe = Recipe(passes=passes, learning_rate=learning_rate, seed=seed)
    train(data, encoder, output, recipe, save_every, device, err, lineups)


@app.command("lineups")
def lineups_command(
    data: Annotated[Path, typer.Argument(help="A folder with question sets in the SQuAD format (.json, .json.gz).")],
    output: Annotated[Path, typer.Argument(help="Where the questions with their lineups go, as .json.gz.")],
    questions: Annotated[int, typer.Option(min=1, help="How many are asked.")] = 26_000,
    seed: Annotated[int, typer.Option(help="What the questions are drawn from.")] = 7,
    reader_model: ReaderModel = None,
    device: Device = "auto",
) -> None:
    """Ask training questions of all that is trained on, and write what is found side by side, to train on."""
    from qa.training.lineups import lined_up, write_lineups

    reader, embedder = Reader(reader_model, device), Embedder(device=device)
    with tempfile.TemporaryDirectory() as work, progress_bar() as told:
        made = lined_up(data, questions, seed, Path(work), reader, embedder, told)
        number = write_lineups(made, output)
    err.print(Text(f"{number:,} questions with lineups are in {output}"), soft_wrap=True)


PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("blend")
def blend_command(
    one: Annotated[Path, typer.Argument(help="A reader.")],
    other: Annotated[Path, typer.Argument(help="Another, trained on from it.")],
    output: Annotated[Path, typer.Option(help="Where the reader between them goes.")],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="How far from the first to the second.")] = 0.5,
) -> None:
    """Make a reader of two by averaging their weights."""
    from qa.training.blend import blend

    blend(one, other, output, share)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def serve(context: typer.Context) -> None:
    """Serve the chat, the JSON interface and the agents' tools; `qa serve --help` lists the options."""
    _run_app(context.args)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def mcp(context: typer.Context) -> None:
    """Be an MCP server on standard input and output, for agents on this machine; options as `qa serve`."""
    _run_app([*context.args, "--stdio"])


def _run_app(arguments: list[str]) -> None:
    # By its path, as the folder we stand in may hold an app.py of its own.
    os.execv(sys.executable, [sys.executable, str(CHECKOUT / "app.py"), *_debug(), *arguments])


def _debug() -> list[str]:
    """What tells another program of ours to show where an error arose; `main` took it from the arguments."""
    return ["--debug"] if "--debug" in sys.argv[1:] else []


@app.command()
def feedback(
    export: Annotated[Path, typer.Option("--export", metavar="FILE", help="Where the question set goes.")],
    index_dir: IndexDir = None,
    store: StoreAt = None,
    as_json: AsJson = False,
) -> None:
    """Write what users of the chat said of its answers as a question set, which `qa evaluate` reads."""
    # The chat is above us, so it is a program of its own; -P, as the folder we stand in may hold a web of its own.
    paths = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
    folder, options = str(chosen_store(index_dir, store).folder), ["--json"] if as_json else []
    command = [sys.executable, "-P", "-m", "web.feedback", folder, f"--export={export}", *options, *_debug()]
    os.execve(sys.executable, command, os.environ | {"PYTHONPATH": paths})


@app.command()
def articles(
    search: Annotated[str | None, typer.Option(help="Only articles with these words, the best first.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only articles of this outlet; may be repeated.")] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Take this article out at once, and leave it out until its file changes."),
    ] = None,
    restore: Annotated[list[str] | None, typer.Option(metavar="ID", help="Read a removed article again.")] = None,
    removed: Annotated[bool, typer.Option("--removed", help="List what was removed.")] = False,
    aliases: Annotated[
        bool,
        typer.Option("--aliases", help="List the names that the articles use for one thing, and where that shows."),
    ] = False,
    index_dir: IndexDir = None,
    store: StoreAt = None,
    embedder_model: EmbedderModel = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """List, search, remove and restore the articles of an index; exact copies go together."""
    kept = chosen_store(index_dir, store)
    if [bool(search or source), bool(remove), bool(restore), removed, aliases].count(True) > 1:
        raise InputError("give one of these: --remove, --restore, --removed, --aliases, or --search and --source")
    if remove:
        _print_changed("removed", kept.exclude(remove), as_json)
    elif restore:
        again = kept.readmit(restore)
        with progress_bar() as told:
            kept.build(kept.roots(), Embedder(embedder_model, device), told)
        with kept.snapshot() as snapshot:
            absent = [article_id for article_id in snapshot.removed() if article_id in again]
        _print_changed("restored", tuple(article_id for article_id in again if article_id not in absent), as_json)
        if absent:
            raise InputError(f"{', '.join(absent)} stays removed, as it is no longer among the articles")
    elif removed:
        with kept.snapshot() as snapshot:
            _print_changed("removed", tuple(snapshot.removed()), as_json)
    elif aliases:
        with kept.snapshot() as snapshot:
            learned = snapshot.names.learned()
        if as_json:
            print_json({"aliases": [asdict(pair) for pair in learned]})
        else:
            print_aliases(learned)
    else:
        with kept.snapshot() as snapshot:
            found = _listed(snapshot, search, Filter(tuple(source or ())))
        if as_json:
            print_json({"articles": [heading_as_dict(heading) for heading in found]})
        else:
            print_articles(found)


def _listed(snapshot: Snapshot, search: str | None, allowed: Filter) -> list[Heading]:
    if search is None:
        return snapshot.headings(allowed)
    return snapshot.headings_of(articles_with(search, snapshot, allowed))


def _print_changed(what: str, article_ids: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        print_json({what: list(article_ids)})
    else:
        for article_id in article_ids:
            out.print(Text(f"{what} {article_id}"), soft_wrap=True)


@app.command("verify")
def verify_command(
    index_dir: IndexDir = None,
    store: StoreAt = None,
    mend: Annotated[
        bool, typer.Option("--repair", help="First make again what can be made without the model, and say what.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check an index, each part against the others and against the files; status 1 where something is wrong."""
    kept = chosen_store(index_dir, store)
    repaired = kept.repair() if mend else ()
    report = kept.verify()
    if as_json:
        print_json(report.as_dict() | ({"repaired": list(repaired)} if mend else {}))
    else:
        for line in repaired:
            out.print(Text(line), soft_wrap=True)
        print_figures({k: v for k, v in report.as_dict().items() if k not in ("problems", "notes")})
    for line in (*(f"note: {note}" for note in report.notes), *report.problems):
        err.print(Text(line), soft_wrap=True)
    if report.problems:
        anew = f"build it anew elsewhere, or delete {kept.address} first"
        helps = anew if mend else "try `qa verify --repair`"
        err.print(Text(f"qa: {len(report.problems)} problem(s) found: {helps}"), soft_wrap=True)
        raise typer.Exit(1)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def main() -> None:
    """Entry point: run a command and turn errors into one line and an exit status."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    plainly(lambda: app(args=arguments), "qa", debug="--debug" in sys.argv[1:])
