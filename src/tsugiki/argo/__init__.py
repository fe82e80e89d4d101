"""The Argo reader of a plan: each stage becomes a template, each task a node of one DAG, each input an edge."""

from tsugiki.argo.manifest import Target, manifest
from tsugiki.argo.text import to_yaml

__all__ = ["Target", "manifest", "to_yaml"]
