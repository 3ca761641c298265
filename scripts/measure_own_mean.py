"""Measure what the mean of a corpus's own unlabelled recordings is worth, by an evaluation of `corpus-folds`.

    emospike evaluate excube2 --data A --data B ... --protocol corpus-folds --json result.json
    python scripts/measure_own_mean.py result.json docs/results/own-mean-arousal.json

From the log-probabilities of every recording their mean over its corpus is removed, and the largest decides. That is
another setting than to decide on each recording alone: all of a corpus are heard first, and its labels are taken to be
about as frequent as elsewhere. `fill_docs.py` shows the file as the table ``own_mean``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emospike.evaluation.metrics import balanced_accuracy
from emospike.files import format_json, write_atomically

LEAST = 1e-6
"""Probabilities are written with six decimals; of one that is 0 there is no logarithm."""


def measure(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the balanced accuracy on each corpus that was left out: each recording alone, and less the own mean."""
    found = {}
    for corpus in sorted(result["corpora"]):
        rows = [row for row in result["predictions"] if row["speaker"].startswith(f"{corpus}:")]
        labels, truth = np.array(sorted(rows[0]["probabilities"])), np.array([row["label"] for row in rows])
        scores = np.log(np.maximum([[row["probabilities"][label] for label in labels] for row in rows], LEAST))
        found[corpus] = {
            "clips": len(rows),
            "alone": balanced_accuracy(truth, labels[scores.argmax(axis=1)]),
            "removed": balanced_accuracy(truth, labels[(scores - scores.mean(axis=0)).argmax(axis=1)]),
        }
    return {"labels": result["labels"], "system": result["system"], "own_mean": found}


if __name__ == "__main__":
    measured = measure(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    write_atomically(Path(sys.argv[2]), format_json(measured, 1) + "\n")
