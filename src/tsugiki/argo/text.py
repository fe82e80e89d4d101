"""Manifests as text: names that Kubernetes takes, and YAML that Go reads as it was meant."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from tsugiki.labels import kebab

__all__ = ["kebab", "to_yaml"]


class _Dumper(yaml.SafeDumper):
    """YAML that Kubernetes reads as it was meant."""


def _quote_if_needed(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    # YAML 1.2 readers take 1e-5 and 0o17 for numbers, PyYAML does not: so quote whatever begins like a number
    style = '"' if re.match(r"[-+]?[.]?[0-9]", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _quote_if_needed)


class _TemplateDumper(_Dumper):
    """YAML with placeholders, into which Argo puts values just as they are."""


def _block_if_placeholder(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # in a block nothing has a meaning, neither quotes nor backslashes
    if "{{" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    return _quote_if_needed(dumper, text)


_TemplateDumper.add_representer(str, _block_if_placeholder)


def template_text(value: Mapping[str, Any]) -> str:
    """A manifest inside a template, as YAML that stays what it was when its placeholders are replaced by any line."""
    return yaml.dump(value, Dumper=_TemplateDumper, allow_unicode=True, sort_keys=False, width=math.inf)


def to_yaml(value: Mapping[str, Any]) -> str:
    """The manifest as YAML, in which every string stays a string for Go's reader too."""
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
