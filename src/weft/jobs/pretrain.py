"""Pretrain GROVER: read molecules, label them, train, and put weights, vocabularies and history in one folder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import weft
from weft.devices import find_device, precision_named, settle
from weft.files import read_json
from weft.jobs.folder import CARD, WORK, Start, check_target, clean_on_error, clear, locked, prepare
from weft.jobs.inputs import sha256
from weft.jobs.pretrain_options import PretrainOptions
from weft.training.run import Report, Run, silent

if TYPE_CHECKING:
    from weft.pretrain.corpus import Corpus

#: Written last: without it there are no weights.
RESULT = "grover.json"


@dataclass(frozen=True)
class Pretrained:
    """What a pretraining made.

    Attributes:
        folder: where the weights are.
        card: the content of `run.json`.
        again: true when `resume` found it finished already.
    """

    folder: Path
    card: Mapping[str, Any]
    again: bool = False


def pretrain(
    files: Sequence[Path],
    out: Path,
    options: PretrainOptions | None = None,
    resume: bool = False,
    report: Report = silent,
) -> Pretrained:
    """Pretrain GROVER on the molecules of `files` and write its weights to the folder `out`.

    Args:
        files: SMILES files (`.smi`) or tables with a SMILES column, each also `.gz`.
        out: a new or empty folder, or one of an earlier pretraining, which is then replaced at the end.
        options: what to train and how.
        resume: continue unfinished work in `out`; a finished pretraining of the same options is left as it is.
        report: told of progress.

    Raises:
        UserError: for files, options or a folder that cannot be used; no finished weights appear in `out`.
    """
    from weft.encoders.grover.config import size
    from weft.pretrain.stream import smiles_columns

    began = time.monotonic(), sum(os.times()[:4])
    chosen = options or PretrainOptions()
    config = size(chosen.size)
    check_target(out, RESULT)
    columns = smiles_columns(files, chosen.smiles)
    device = str(find_device(chosen.device))
    if chosen.deterministic:
        settle()
    same = {**chosen.identity(), **_hashes("files", files), **_hashes("exclude", chosen.exclude)}
    with locked(out):
        if prepare(out, {**same, "weft": weft.__version__}, resume, (RESULT, CARD)) is Start.FINISHED:
            return Pretrained(out, read_json(out / CARD), again=True)
        with clean_on_error(out), _no_work_for_nothing(out / WORK):
            from weft.jobs.pretrain_result import Done, write_result

            corpus = _read(files, columns, out / WORK, chosen, report)
            run = Run(chosen.seed, out / WORK, report, chosen.threads, device=device)
            network, history = _train(corpus, config, chosen, run)
            done = Done(out, chosen, list(zip(map(str, files), columns, strict=True)), same, began)
            card = write_result(done, corpus, network, history)
        clear(out)
    return Pretrained(out, card)


@contextmanager
def _no_work_for_nothing(work: Path) -> Generator[None]:
    """Remove what was read when nothing can be learnt of it: there is nothing to resume."""
    from weft.pretrain.corpus import NothingToLearnError

    try:
        yield
    except NothingToLearnError:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _hashes(name: str, files: Sequence[Path]) -> dict[str, list[str]]:
    return {f"{name}_sha256": [sha256(path) for path in files]}


def _read(files: Sequence[Path], columns: Sequence[str], work: Path, options: PretrainOptions, report: Report) -> Any:
    from weft.pretrain.corpus import Corpus, build_shards
    from weft.pretrain.excluded import excluded_hashes
    from weft.pretrain.stream import lines

    excluded = excluded_hashes(options.exclude, options.smiles, options.threads)
    paths = build_shards(lines(files, columns), work / "molecules", excluded, options.threads, report)
    report("count", 0, 1, "")
    corpus = Corpus.of(paths, options.validation, options.seed, options.min_count, options.vocabulary)
    words = ", ".join(f"{len(corpus.vocabularies[name])} {name} contexts" for name in ("atom", "bond"))
    report("count", 1, 1, f"{corpus.n_train} molecules, {words}")
    return corpus


def _train(corpus: Corpus, config: Any, options: PretrainOptions, run: Run) -> tuple[Any, list[dict[str, float]]]:
    import torch

    from weft.memory import keep_freed_memory
    from weft.pretrain.corpus import NothingToLearnError
    from weft.pretrain.held_out import MOST, evaluate
    from weft.pretrain.loop import PretrainConfig, steps_of, train
    from weft.pretrain.network import new_network

    torch.set_num_threads(options.threads)
    keep_freed_memory()
    held = corpus.held_out(MOST)
    if held is None and options.validation:
        what = f"none of the {corpus.n_train} molecules fell into the part held out"
        raise NothingToLearnError(what, where="--validation", mend="Use a larger share, or 0 to hold none out.")
    network = new_network(config, corpus.vocabularies, options.seed).to(run.device)
    steps = options.steps or steps_of(corpus.n_train, options.batch, options.epochs)
    plan = PretrainConfig(steps, options.batch, options.lr, precision=precision_named(options.precision))
    return network, train(network, corpus, plan, run, lambda: {} if held is None else evaluate(network, held))
