"""``emospike track``: the face of films as tables, in OpenFace's columns, and drawn on the films."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emospike.cli.arguments import TrackOption, check_writable
from emospike.cli.pipes import spool_pipes
from emospike.cli.terminal import progress_bar, say
from emospike.files import is_file, is_folder, make_folder
from emospike.validation import InputError, one_of, positive

if TYPE_CHECKING:
    from emospike.clip import Clip
    from emospike.features.face_table import FilmedFace
    from emospike.progress import Progress

FORMS = ("csv", "csv.gz", "parquet")


def track(
    films: Annotated[list[Path], typer.Argument(help="Films, or folders of them; - is standard input.")],
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Table to write (.csv, .csv.gz, .parquet), or a folder."),
    ],
    columns: Annotated[
        str, typer.Option(help="Of pose, box, units, blendshapes and quality, parted by commas.")
    ] = "pose,box,units,blendshapes,quality",
    points: Annotated[int, typer.Option(help="Points of the face as well: OpenFace's 68, or MediaPipe's 478.")] = 0,
    stride: Annotated[
        int | None,
        typer.Option(help="Look at every so many pictures (default: those 75 ms apart)."),
    ] = None,
    overlay: Annotated[
        Path | None,
        typer.Option(help="Film to write with all this drawn on it (.mp4, .mkv); of several films a folder."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="csv, csv.gz or parquet: of the tables in a folder.")] = "csv",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over files that are there.")] = False,
    track: TrackOption = None,
) -> None:
    """Follow the face through films: a table with a row a picture.

    Columns have OpenFace's names where it has them, so that the table can be given in the place of the film. Exit
    status: 0 if every film was read, else 2.
    """
    from emospike.clip import Clip
    from emospike.features.face_table import check_choice

    groups = [one.strip() for one in columns.split(",") if one.strip()]
    check_choice(groups, points)
    one_of("format", form, FORMS)
    positive("stride", 1 if stride is None else stride)
    failed = False
    with spool_pipes() as spool, progress_bar() as progress:
        paths = find_films([spool.locate(path) for path in films])
        tables, overlays = plan_tables(paths, output, form), plan_overlays(paths, overlay)
        for path, table, drawn in zip(paths, tables, overlays, strict=True):
            name = spool.rename(str(path))
            try:
                for one in (table, drawn):
                    check_target(one, paths, overwrite=overwrite)
                clip = Clip(path, tracks=track or ())
                told = track_one(clip, table, drawn, groups=groups, points=points, stride=stride, progress=progress)
                say(f"{name}  {spool.rename(told)}")
            except (InputError, OSError) as error:
                failed = True
                why = error if isinstance(error, InputError) else f"{error.filename or path}: {error.strerror or error}"
                say(f"{name}  error  {spool.rename(str(why))}")
    if failed:
        raise typer.Exit(2)


def track_one(
    clip: Clip,
    table: Path,
    overlay: Path | None,
    *,
    groups: Sequence[str],
    points: int,
    stride: int | None,
    progress: Progress | None = None,
) -> str:
    """Track a film, write what is asked for, and return what there is to say about it."""
    from emospike.features.face_overlay import write_overlay
    from emospike.features.face_table import make_columns, track_film, write_table

    seconds = max(round(clip.face_until), 1) if progress and clip.face else 1
    face = track_film(
        clip, stride, progress and (lambda frame: progress(clip.name, min(round(frame.time), seconds), seconds))
    )
    write_table(table, make_columns(face, groups, points))
    if overlay:
        write_overlay(overlay, clip, face)
    return describe_face(face, table)


def describe_face(face: FilmedFace, table: Path) -> str:
    """Return in how many pictures the face was found, what is wrong with it, and where the table is."""
    from emospike.features.face_quality import describe_problem

    seen = face.track
    found = f"{len(seen):,} pictures, a face in {100 * seen.seen:.0f} %"
    return "; ".join(filter(None, [found, describe_problem(seen), *seen.company.describe(), f"written to {table}"]))


def find_films(paths: Sequence[Path]) -> list[Path]:
    """Return the files as they are named and, in the place of a folder, the films in it; each once.

    Raises `InputError` where folders hold no film.
    """
    from emospike.clip import Clip, find_recordings, is_table

    def may_show(file: Path) -> bool:
        return file in paths or is_folder(file) or (Clip(file).sees and not is_table(file))

    films = list(dict.fromkeys(file for file in find_recordings(paths) if may_show(file)))
    if not films:
        raise InputError(f"{', '.join(map(str, paths))}: there is no film: give mp4, mkv, webm, mov or avi files")
    return films


def plan_tables(films: Sequence[Path], output: Path, form: str) -> list[Path]:
    """Return the table of each film: `output` itself if it is named like one, else in this folder."""
    from emospike.features.face_table import SUFFIXES
    from emospike.frames import import_parquet

    tables = place_outputs(films, output, SUFFIXES, f".{form}")
    if any(table.suffix.lower() == ".parquet" for table in tables):
        import_parquet()
    return tables


def plan_overlays(films: Sequence[Path], output: Path | None) -> Sequence[Path | None]:
    """Return the overlay of each film, if they are wanted, as `plan_tables` does."""
    from emospike.features.face_overlay import FORMATS

    if output is None:
        return [None] * len(films)
    return place_outputs(films, output, tuple(FORMATS), ".mp4")


def place_outputs(films: Sequence[Path], output: Path, suffixes: tuple[str, ...], suffix: str) -> list[Path]:
    """Return where what is made of each film goes: to the file `output`, or into this folder under a suffix.

    A path with one of `suffixes` is a file; one without any, and one that is there as a folder, is a folder.

    Raises `InputError` for another suffix, for one file of several films, and for two films of one name.
    """
    if output.suffix and not is_folder(output):
        if not output.name.lower().endswith(suffixes):
            raise InputError(f"a name that ends in {' or '.join(suffixes)} expected, or a folder, got {output}")
        if len(films) > 1:
            raise InputError(f"{output} is one file, and there are {len(films)} films: give a folder")
        return [output]
    name, count = Counter(film.stem for film in films).most_common(1)[0]
    if count > 1:
        both = " and ".join(str(film) for film in films if film.stem == name)
        raise InputError(f"{both} would be written to one file in {output}: give each a folder of its own")
    return [make_folder(output) / f"{film.stem}{suffix}" for film in films]


def check_target(path: Path | None, films: Sequence[Path], *, overwrite: bool) -> None:
    """Raise `InputError` if a file may not be written: it is there, or one of the films, or its folder is not."""
    if path is None:
        return
    if not is_file(path):
        check_writable(path)
    elif any(is_file(film) and path.samefile(film) for film in films):
        raise InputError(f"cannot write {path}: it is one of the films, name another file")
    elif not overwrite:
        raise InputError(f"{path} is there already: --overwrite writes it anew")
