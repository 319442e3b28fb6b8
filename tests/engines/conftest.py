"""Ray is started once for all tests of this folder: two workers, no dashboard, little shared memory."""

import os

import pytest

from weft.engines.on_ray import SURROUNDINGS


@pytest.fixture(scope="session")
def on_ray():
    os.environ.update(SURROUNDINGS)
    ray = pytest.importorskip("ray")
    ray.init("local", num_cpus=2, include_dashboard=False, object_store_memory=80 * 2**20, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(params=["local", "ray"])
def name(request):
    """The name of each engine in turn, ready to work."""
    if request.param == "ray":
        request.getfixturevalue("on_ray")
    return request.param
