"""Tables that people go on working with: CSV, JSON and Parquet files, and pandas where it is there."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emospike.files import format_json, write_atomically
from emospike.optional import import_optional
from emospike.validation import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

Row = Mapping[str, Any]

FORMS = (".csv", ".json", ".parquet")
"""What the name of a table of rows may end in."""


def import_pandas() -> Any:
    """Return pandas; raise `InputError` where it is not installed."""
    return import_optional("pandas", "tables need pandas", "pandas")


def import_parquet() -> Any:
    """Return pyarrow; raise `InputError` where it is not installed."""
    import_optional("pyarrow.parquet", "Parquet needs pyarrow", "parquet", ", or write a .csv")
    return import_module("pyarrow")


def check_form(path: Path) -> None:
    """Raise `InputError` unless rows can be written to a file of this name."""
    if path.suffix.lower() not in FORMS:
        raise InputError(f"a name that ends in {', '.join(FORMS[:-1])} or {FORMS[-1]} expected, got {path.name}")
    if path.suffix.lower() == ".parquet":
        import_parquet()


def write_rows(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows in the form that the name of the file asks for, whole or not at all; return the path.

    JSON keeps them as they are; in CSV and Parquet each has one line (see `flatten`).

    Raises
    ------
    InputError : as `check_form`, or the file cannot be written
    """
    check_form(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        return write_atomically(path, "[\n" + ",\n".join(map(format_json, rows)) + "\n]\n")
    flat = [flatten(row) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    if suffix == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)
        return write_atomically(path, text.getvalue())
    pyarrow, file = import_parquet(), io.BytesIO()
    table = pyarrow.table({name: [row.get(name) for row in flat] for name in columns})
    pyarrow.parquet.write_table(table, file)
    return write_atomically(path, file.getvalue())


def check_frame_form(path: Path) -> None:
    """Raise `InputError` unless a pandas table can be written to a file of this name."""
    import_pandas()
    if path.suffix.lower() not in FORMS or path.suffix.lower() == ".json":
        raise InputError(f"a name that ends in .csv or .parquet expected, got {path.name}")
    check_form(path)


def write_frame(path: Path, table: DataFrame) -> Path:
    """Write a pandas table with its index, whole or not at all; return the path.

    In CSV, start and end are seconds; Parquet keeps them as durations.

    Raises
    ------
    InputError : as `check_frame_form`, or the file cannot be written
    """
    check_frame_form(path)
    rows = table.reset_index()
    if path.suffix.lower() == ".csv":
        for name in rows.columns[rows.dtypes.astype(str).str.startswith("timedelta")]:
            rows[name] = rows[name].dt.total_seconds()
        return write_atomically(path, rows.to_csv(index=False, lineterminator="\n"))
    pyarrow, file = import_parquet(), io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pandas(table), file)
    return write_atomically(path, file.getvalue())


def flatten(row: Row) -> dict[str, Any]:
    """Return a row with columns of their own for what lies within others; lists are left out.

    >>> flatten({"file": "a.wav", "probabilities": {"high": 0.7, "low": 0.3}, "windows": []})
    {'file': 'a.wav', 'probabilities_high': 0.7, 'probabilities_low': 0.3}
    """
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}_{inner}": one for inner, one in flatten(value).items()}
        elif not isinstance(value, list | tuple):
            flat[name] = value
    return flat
