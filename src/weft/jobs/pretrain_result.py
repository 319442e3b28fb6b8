"""What a pretraining leaves behind: weights, heads, vocabularies, history and run card."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

import weft
from weft.devices import told
from weft.encoders.grover.weights import save_weights
from weft.files import atomic, write_json
from weft.jobs.card import versions
from weft.jobs.folder import CARD
from weft.jobs.pretrain_options import PretrainOptions
from weft.pretrain.corpus import Corpus
from weft.pretrain.held_out import MOST, blind
from weft.pretrain.motifs import MOTIFS
from weft.pretrain.network import PretrainNetwork, n_weights
from weft.training.checkpoint import copy_of

HEADS = "heads.safetensors"
WORDS = "vocabulary.json"
HISTORY = "history.json"
#: How many bad rows the card tells.
_TOLD = 5


@dataclass(frozen=True)
class Done:
    """A pretraining that is trained.

    Attributes:
        out: where to write.
        options: as given.
        files: path and SMILES column of each file.
        same: options and hashes of the data, which decide the result.
        began: on the monotonic clock, and the processor time taken until then.
    """

    out: Path
    options: PretrainOptions
    files: list[tuple[str, str]]
    same: dict[str, Any]
    began: tuple[float, float]


def write_result(
    done: Done, corpus: Corpus, network: PretrainNetwork, history: Sequence[dict[str, float]]
) -> dict[str, Any]:
    """Write everything, `grover.json` last, and return the run card."""
    card = _card(done, corpus, network, history)
    vocabularies = {name: vocabulary.to_json() for name, vocabulary in corpus.vocabularies.items()}
    with atomic(done.out / HEADS) as temporary:
        save_file({name: value.cpu().contiguous() for name, value in copy_of(network.heads).items()}, temporary)
    write_json(done.out / WORDS, {**vocabularies, "motifs": list(MOTIFS)})
    write_json(done.out / HISTORY, {"rows": list(history)})
    write_json(done.out / CARD, card)
    save_weights(done.out, network.encoder, {"options": done.options.to_json(), "data": card["data"]})
    return card


def _card(done: Done, corpus: Corpus, network: PretrainNetwork, history: Sequence[dict[str, float]]) -> dict[str, Any]:
    held = corpus.held_out(MOST)
    return {
        "weft": weft.__version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - done.began[0], 1),
        "cpu_seconds": round(sum(os.times()[:4]) - done.began[1], 1),
        "options": done.options.to_json(),
        "configuration": asdict(network.encoder.config),
        "parameters": {"encoder": n_weights(network.encoder), "heads": n_weights(network.heads)},
        "data": _data(done, corpus),
        "scores": {
            "before": history[0],
            "after": history[-1],
            "blind": None if held is None else dict(blind(corpus, held)),
        },
        "seed": done.options.seed,
        "device": told(next(network.parameters()).device),
        "versions": versions(),
        "identity": {**done.same, "weft": weft.__version__},
    }


def _data(done: Done, corpus: Corpus) -> dict[str, Any]:
    hashes = done.same["files_sha256"]
    return {
        "files": [
            {"file": file, "smiles": column, "sha256": found}
            for (file, column), found in zip(done.files, hashes, strict=True)
        ],
        "rows": sum(note.rows for note in corpus.notes),
        "bad_rows": sum(note.bad for note in corpus.notes),
        "first_bad_rows": [told for note in corpus.notes for told in note.first_bad][:_TOLD],
        "excluded_rows": sum(note.excluded for note in corpus.notes),
        "molecules": {"train": corpus.n_train, "held_out": sum(map(len, corpus.held))},
        "classes": {name: len(vocabulary) for name, vocabulary in corpus.vocabularies.items()},
    }
