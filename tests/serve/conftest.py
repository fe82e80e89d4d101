"""Tiny checkpoints that the tests of a run share."""

from pathlib import Path

import pytest

from tests.serve.models import make_gpt_oss, make_llama


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random llama of 2 layers."""
    return make_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def gpt_oss(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random gpt-oss of 2 layers with a harmony tokenizer."""
    return make_gpt_oss(tmp_path_factory.mktemp("gpt_oss"))
