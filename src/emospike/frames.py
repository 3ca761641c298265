"""pandas, where it is there: tables that people go on working with."""

from __future__ import annotations

from typing import Any

from emospike.validation import InputError


def import_pandas() -> Any:
    """Return pandas; raise `InputError` where it is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise InputError(f"tables need pandas ({error}): pip install 'emospike[pandas]'") from None
    return pandas
