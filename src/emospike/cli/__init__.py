"""The command line. Every module is one group of commands; libraries are imported by the command that needs them."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from emospike import __version__
from emospike.cli import (
    about,
    audit,
    compare,
    energy,
    evaluate,
    explain,
    export,
    features,
    live,
    quantise,
    recognise,
    reproduce,
    serve,
    track,
    train,
    view,
)
from emospike.cli.terminal import note, say
from emospike.validation import InputError

UsageError: Any = typer.BadParameter.__base__  # of click, or of the click that newer typers bring


@contextlib.contextmanager
def errors_in_one_line(command: str) -> Iterator[None]:
    """Print an error as one line and exit: with 2 for what the user gave, with 130 for Ctrl-C."""
    try:
        yield
    except InputError as error:
        say(f"error: {error}", error=True)
        raise typer.Exit(2) from None
    except UsageError as error:
        said = " ".join(error.format_message().split()).removesuffix(".")
        where = error.ctx.command_path if error.ctx else command
        say(f"error: {said[:1].lower()}{said[1:]} (see {where} --help)", error=True)
        raise typer.Exit(2) from None
    except BrokenPipeError:  # whoever read the output has left
        raise typer.Exit(0) from None
    except OSError as error:  # a full disk, a closed output, a file that is gone
        where = f"{error.filename}: " if error.filename else ""
        say(f"error: {where}{error.strerror or error}", error=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        say("stopped", error=True)
        raise typer.Exit(130) from None


class Commands(TyperGroup):
    """Commands whose errors are one line, those in the words of the command line too."""

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        """Begin to read the command line."""
        with errors_in_one_line(str(info_name)):
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: Any, args: Any) -> Any:
        """Read the options before the command's name; nothing at all asks for help."""
        return super().parse_args(ctx, args or ["--help"])

    def invoke(self, ctx: Any) -> Any:
        """Read the options of a command, and run it."""
        with errors_in_one_line(ctx.command_path):
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(recognise.recognise)
app.command("recognize", hidden=True)(recognise.recognise)
app.command()(explain.explain)
app.command()(live.live)
app.command()(view.view)
app.command()(view.replay)
app.command()(serve.serve)
app.command()(track.track)
app.command()(features.features)
app.command()(train.train)
app.command()(train.adapt)
app.command()(evaluate.evaluate)
app.command()(evaluate.test)
app.command()(compare.compare)
app.command()(energy.energy)
app.command()(export.export)
app.command()(quantise.quantise)
app.command("quantize", hidden=True)(quantise.quantise)
app.command()(audit.audit)
app.command()(reproduce.reproduce)
app.command()(about.systems)
app.command()(about.datasets)
app.command()(about.info)
app.command()(about.fetch)
app.command()(about.samples)


def print_version(wanted: bool) -> bool:
    """Print the version and stop, if that is wanted."""
    if wanted:
        say(f"emospike {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Emotion from speech and faces with spiking neural networks: explained, and honest when it does not know."""


def main() -> None:
    """Run the command line, and leave the process at once.

    An orderly exit takes a quarter of a second to take compiled code down, and after Ctrl-C it would do so under
    worker threads that still run it. Nothing here needs it: files are written in one step, output is flushed.
    """
    if sys.stderr is None:  # closed, as by 2>&-
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends
    if sys.stdout is None:
        say("error: standard output is closed: give a file or a pipe to write to", error=True)
        os._exit(2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names the terminal cannot show
    warnings.filterwarnings("ignore", module="joblib")  # it complains of clips that Ctrl-C or a closed pipe leave
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of a home that it cannot write to
    warnings.showwarning = lambda message, *_, **__: note(str(message))
    code: int | str | None = None
    try:
        app()
    except SystemExit as end:
        code = end.code
    with contextlib.suppress(typer.Exit), errors_in_one_line("emospike"):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(bool(code)))
