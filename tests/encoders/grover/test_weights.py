"""Weights in and out: weft's folder and released checkpoints, whole, damaged, foreign and hostile."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import torch

from tests.encoders.grover.released_layout import P, checkpoint
from weft.encoders.grover.config import SIZES, GroverConfig
from weft.encoders.grover.encoder import GroverEncoder
from weft.encoders.grover.transformer import GTransformer
from weft.encoders.grover.weights import CARD, TENSORS, read_weights, save_weights
from weft.errors import UserError
from weft.files import read_json, write_json

TINY = SIZES["grover-tiny"]


def released(tmp_path: Path, change=lambda made: made, **options) -> Path:
    path = tmp_path / "grover_base.pt"
    torch.save(change(checkpoint()), path, **options)
    return path


@pytest.mark.parametrize("way", ["folder", CARD, TENSORS])
def test_own_weights_come_back_equal(tmp_path, way):
    """Protects what pre-training wrote: shape, every tensor, the hash; a folder or either of its files names them."""
    torch.manual_seed(1)
    model = GTransformer(TINY)
    save_weights(tmp_path, model, {"steps": 3})
    found = read_weights(tmp_path if way == "folder" else tmp_path / way)
    assert found.config == TINY
    assert found.sha256 == hashlib.sha256((tmp_path / TENSORS).read_bytes()).hexdigest()
    other = GTransformer(TINY)
    found.load_into(other)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_released_checkpoint_is_read(tmp_path, zipped):
    """Protects both formats of torch files, the shape its arguments tell, and that heads of pre-training are left."""
    found = read_weights(released(tmp_path, _use_new_zipfile_serialization=zipped))
    assert found.config == GroverConfig(hidden=12, heads=2, depth=4, pad=4)
    name = f"{P}edge_blocks.0.attn.output_linear.weight"
    assert torch.equal(found.tensors["bond_blocks.0.attention.out.weight"], checkpoint()["state_dict"][name])
    found.load_into(GTransformer(found.config))


def test_a_checkpoint_written_on_a_gpu_is_read(tmp_path):
    """Protects the released files themselves: legacy format, storages that name `torch.cuda`, read without a GPU."""
    path = released(tmp_path, _use_new_zipfile_serialization=False)
    raw = path.read_bytes().replace(b"ctorch\nFloatStorage", b"ctorch.cuda\nFloatStorage")
    path.write_bytes(raw.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
    name = f"{P}node_blocks.0.W_o.weight"
    assert torch.equal(read_weights(path).tensors["atom_blocks.0.merge.weight"], checkpoint()["state_dict"][name])


class Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_code_in_a_checkpoint_does_not_run(tmp_path, zipped):
    """Protects the person: a file that would run something is refused, told, and runs nothing."""
    mark = tmp_path / "mark"
    path = released(tmp_path, lambda made: {**made, "x": Hostile(mark)}, _use_new_zipfile_serialization=zipped)
    with pytest.raises(UserError, match=r"grover_base.pt: it holds .*mkdir, which weft does not unpickle"):
        read_weights(path)
    assert not mark.exists()


def without(name: str):
    return lambda made: {**made, "state_dict": {k: v for k, v in made["state_dict"].items() if k != P + name}}


def having(**more):
    def change(made):
        vars(made["args"]).update(more)
        return made

    return change


CHANGES = {
    "no checkpoint": (lambda made: {"state_dict": made["state_dict"]}, "no GROVER checkpoint"),
    "a list": (lambda made: [1], "no GROVER checkpoint"),
    "no namespace": (lambda made: {**made, "args": vars(made["args"])}, "no namespace"),
    "no tensors": (lambda made: {**made, "state_dict": {"a": 1}}, "does not hold tensors"),
    "missing": (without("node_blocks.0.W_o.weight"), r"1 tensors are missing.*node_blocks.0.W_o.weight"),
    "unknown": (
        lambda made: {**made, "state_dict": {**made["state_dict"], f"{P}more": torch.zeros(1)}},
        "1 tensors are not known.*more",
    ),
    "other width": (having(hidden_size=16), "is torch.float32 .*expected"),
    "more blocks": (having(num_mt_block=2), "are missing"),
    "other hops": (having(dense=True), "dense=True"),
    "other slope": (having(activation="ReLU"), "activation='ReLU'"),
    "no size": (having(hidden_size=None), "not those of GROVER"),
    "odd heads": (having(num_attn_head=5), "not those of GROVER"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_no_released_checkpoint_is_told(tmp_path, name):
    """Protects from wrong weights and from errors without the file's name."""
    change, told = CHANGES[name]
    with pytest.raises(UserError, match=told) as caught:
        read_weights(released(tmp_path, change))
    assert "grover_base.pt" in str(caught.value)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("keep", [0, 1, 20, 3000, -1000, -1])
def test_a_damaged_checkpoint_is_told(tmp_path, zipped, keep):
    """Protects from tracebacks for a file that was cut short anywhere."""
    path = released(tmp_path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"grover_base\.pt"):
        read_weights(path)


def test_other_files_are_told(tmp_path):
    """Protects from mistaken paths: nothing there, a folder without weights, a text."""
    for made, told in (("none", "no such file"), ("empty", "there is no grover.json"), ("a.txt", "no torch file")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        (tmp_path / "a.txt").write_text("C1CC1\n" * 9)
        with pytest.raises(UserError, match=told):
            read_weights(tmp_path / made)


@pytest.mark.parametrize(
    ("card", "told"),
    [({"schema": 9}, "this weft reads 1"), ({"config": 3}, "damaged"), ({"config": {"hiden": 8}}, "damaged"),
     ({"config": {"hidden": 64}}, "is torch.float32"), ({"config": {"hidden": "x"}}, "damaged")],
)  # fmt: skip
def test_a_card_that_does_not_fit_is_told(tmp_path, card, told):
    """Protects own weights: newer formats, damage, another shape than the tensors'."""
    save_weights(tmp_path, GTransformer(TINY))
    write_json(tmp_path / CARD, {**read_json(tmp_path / CARD), **card})
    with pytest.raises(UserError, match=told):
        read_weights(tmp_path)


def test_own_tensors_cut_short_are_told(tmp_path):
    """Protects from a traceback of safetensors."""
    save_weights(tmp_path, GTransformer(TINY))
    (tmp_path / TENSORS).write_bytes((tmp_path / TENSORS).read_bytes()[:-7])
    with pytest.raises(UserError, match="writing was cut short"):
        read_weights(tmp_path)


def test_an_encoder_takes_weights_of_its_shape_only(tmp_path):
    """Protects fine-tuning: the encoder starts from the given tensors, and refuses those of another size."""
    model = GTransformer(TINY)
    save_weights(tmp_path, model)
    encoder = GroverEncoder({}, 8, named="grover-tiny")
    encoder.load_pretrained(tmp_path)
    assert torch.equal(encoder.transformer.atom_blocks[0].merge.weight, model.atom_blocks[0].merge.weight)
    assert len(encoder.pretrained()) == len(list(encoder.transformer.parameters()))
    with pytest.raises(UserError, match="expected"):
        GroverEncoder({}, 8, named="grover-small").load_pretrained(tmp_path)
