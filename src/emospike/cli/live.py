"""``emospike live``: what is heard while it is said, in a page, from a pipe or from the microphone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import (
    RiskOption,
    ThresholdOption,
    TimelineOption,
    check_threshold,
    check_timeline,
    set_risk,
)
from emospike.cli.page import (
    PORT,
    BrowserOption,
    ConsentOption,
    PortOption,
    RecordOption,
    check_record,
    choose_live_model,
    show_live,
)
from emospike.cli.recognise import UNKNOWN, make_segment, name_answer
from emospike.cli.terminal import note, say
from emospike.files import format_json
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.systems.streaming import SpeechStream, StreamDecision


def live(
    model: Annotated[
        str | None,
        typer.Argument(
            help="A shipped model's name, or a model file (default: one for sound, and the face if it can)."
        ),
    ] = None,
    *,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Listen to a recording that is piped in; print one JSON object a decision.")
    ] = False,
    rate: Annotated[
        int | None, typer.Option(help="Of --stdin: 16-bit samples of one channel come, without a header, at this rate.")
    ] = None,
    terminal: Annotated[bool, typer.Option("--terminal", help="Listen to the microphone, until Ctrl-C.")] = False,
    device: Annotated[
        str | None, typer.Option(help="Of --terminal: the microphone's name, a part of it, or its number.")
    ] = None,
    threshold: ThresholdOption = None,
    risk: RiskOption = None,
    same_speaker: Annotated[
        bool, typer.Option("--same-speaker", help="One person speaks: get used to the voice, without labels.")
    ] = False,
    timeline: TimelineOption = None,
    port: PortOption = PORT,
    browser: BrowserOption = True,
    record: RecordOption = None,
    consent: ConsentOption = False,
) -> None:
    """Recognise the emotion in speech while it is spoken: a page in the browser, unless --terminal or --stdin is given.

    Every utterance is decided when it is over, and before that on what was heard so far. Sound without speech gives no
    decision. The page can look at a face beside it.
    """
    from emospike import recognition, store
    from emospike.streaming.microphone import Microphone, open_microphone
    from emospike.streaming.piped import open_pipe
    from emospike.timelines import Segment, write_timeline

    check_threshold(threshold)
    check_timeline(timeline)
    check_way(stdin=stdin, terminal=terminal, rate=rate, device=device, timeline=timeline)
    if consent and record is None:
        raise InputError("--consent is of --record: else nothing is kept")
    if record is not None:
        check_record(record, page=not (stdin or terminal), consent=consent)
    model = model or choose_live_model()
    system = set_risk(store.load(model), risk, threshold)
    system.stream()  # or else it says why not, before anybody speaks
    recognition.warm_up(system)
    if not (stdin or terminal):
        show_live(system, model, threshold, same_speaker=same_speaker, port=port, browser=browser, record=record)
        return
    system = system.for_one_speaker() if same_speaker else system
    line, segments = (make_json_line if stdin else make_line), list[Segment]()
    with open_pipe(find_stdin(), rate) if stdin else open_microphone(device) as source:
        try:
            for decided in listen(system.stream(source.rate, threshold), source.chunks):
                say(line(decided))
                if decided.final:
                    segments.append(make_segment(decided))
        except BaseException:  # what was heard before a microphone was gone, say, counts too
            if timeline and segments:
                write_timeline(timeline, segments)
            raise
        if timeline:
            write_timeline(timeline, segments)
    if isinstance(source, Microphone) and source.lost:
        note(f"{source.lost:.1f} s of sound came too fast, and were lost")


def check_way(*, stdin: bool, terminal: bool, rate: int | None, device: str | None, timeline: Path | None) -> None:
    """Raise `InputError` for options that do not go together."""
    if stdin and terminal:
        raise InputError("--stdin (a recording is piped in) or --terminal (the microphone) expected, not both")
    if rate is not None and not stdin:
        raise InputError("--rate is of --stdin: a microphone tells its own")
    if device is not None and not terminal:
        raise InputError("--device is of --terminal: it names a microphone, and the page offers those itself")
    if timeline is not None and not (stdin or terminal):
        raise InputError("--timeline is of --stdin and --terminal: the page stores nothing")


def find_stdin() -> Any:
    """Return standard input as bytes; raise `InputError` if nothing is piped into it."""
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("nothing is piped in: cat recording.wav | emospike live --stdin")
    return sys.stdin.buffer


def listen(stream: SpeechStream, chunks: Iterable[Any]) -> Iterator[StreamDecision]:
    """Yield the decisions on all chunks; Ctrl-C says that it is enough."""
    with suppress(KeyboardInterrupt):
        for chunk in chunks:
            yield from stream.feed(chunk)
    yield from stream.flush()


def make_json_line(decided: StreamDecision) -> str:
    """Return a decision as one object of JSON."""
    span = {"start": decided.start, "stop": decided.stop, "final": decided.final}
    return format_json(span | decided.decision.to_dict())


def make_line(decided: StreamDecision) -> str:
    """Return a decision for people; what is not final ends in an ellipsis."""
    row = decided.decision.to_dict()
    answer = name_answer(row) + ("" if decided.final else " ...")
    return f"{decided.start:7.1f} to {decided.stop:6.1f} s  {answer:14}  {row['reason'].removeprefix(f'{UNKNOWN}: ')}"
