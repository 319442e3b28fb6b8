"""Settings of the encoders' tests."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _one_thread():
    """Toy tensors on several threads only wait for one another when the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
