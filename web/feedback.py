"""The command `qa feedback`: what users said of answers, as a question set that `qa evaluate` reads.

Knows options and the two files. Never knows what a judgement amounts to.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from index.errors import InputError
from qa.evaluation.questions import write_questions
from qa.output import written_beside
from qa.terminal import out, plainly, print_json
from web.conversations import Conversations, beside


def feedback(
    index: Annotated[Path, typer.Argument(help="The index folder that the chat was about.")],
    export: Annotated[Path, typer.Option("--export", metavar="FILE", help="Where the question set goes.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose.")] = False,
) -> None:
    """Write the question set; nothing is written where nobody has said anything that makes a question."""
    kept = beside(index)
    if not kept.exists():
        raise InputError(f"no conversations are kept about {index}: {kept} does not exist")
    questions = Conversations(kept).questions()
    if not questions:
        raise InputError(f"nobody has found an answer right or corrected one yet in {kept}")
    try:
        with written_beside(export) as new:
            write_questions(new, questions)
    except OSError as error:
        raise InputError(f"{export} cannot be written: {error.strerror}") from error
    if as_json:
        print_json({"questions": len(questions), "file": str(export)})
    else:
        out.print(f"{len(questions)} question{'s' if len(questions) != 1 else ''} in {export}", soft_wrap=True)


def main() -> None:
    """Run the command; an error is one line and an exit status, and with --debug where it arose."""
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(feedback)
    plainly(command, "qa", debug="--debug" in sys.argv[1:])


if __name__ == "__main__":
    main()
