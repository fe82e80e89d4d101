"""Imported once by the local runner's fork server, so that no training or generating worker waits for it again."""

import logging

# it warns at import that a kernel for 4-bit weights on CPUs is not installed, whether or not anything is quantised
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)

import peft  # noqa: E402, F401
import torch  # noqa: E402, F401
import transformers.models.llama.modeling_llama  # noqa: E402, F401

import tsugiki.serve.generate  # noqa: E402
import tsugiki.train.cpt  # noqa: E402
import tsugiki.train.sft  # noqa: E402, F401
