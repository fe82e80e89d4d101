"""Manifests as text: names that Kubernetes takes, and YAML that Go reads as it was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tsugiki.labels import kebab

__all__ = ["kebab", "to_yaml"]


class _Dumper(yaml.SafeDumper):
    """YAML that Kubernetes reads as it was meant."""


def _quote_if_needed(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # YAML 1.2 readers take 1e-5 and 0o17 for numbers, PyYAML does not: so quote whatever begins like a number
    style = '"' if re.match(r"[-+]?[.]?[0-9]", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _quote_if_needed)


def to_yaml(value: Mapping[str, Any]) -> str:
    """The manifest as YAML, in which every string stays a string for Go's reader too."""
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
