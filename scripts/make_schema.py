"""Write the schema that manifests are checked against: Argo's full CRDs as compact JSON Schema.

    python scripts/make_schema.py FOLDER

FOLDER holds the full CRDs of the Argo release, as `manifests/base/crds/full` of its source has them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from tsugiki.cluster.schema import SCHEMA, pack

FILES = {"Workflow": "argoproj.io_workflows.yaml", "CronWorkflow": "argoproj.io_cronworkflows.yaml"}
KEPT = ("enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "required")
TEXT: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": TEXT}
# CRDs leave metadata to the API server. What the server itself sets has no place in a manifest.
METADATA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "generateName": TEXT,
        "namespace": TEXT,
        "labels": TEXTS,
        "annotations": TEXTS,
        "finalizers": {"type": "array", "items": TEXT},
        "ownerReferences": {"type": "array", "items": {"type": "object"}},
    },
    "additionalProperties": False,
}
COUNTED = re.compile(r"\(?has\((?:self|t)\.\w+\) \? 1 : 0\)?")
NOT_BOTH = re.compile(r"!has\(self\.\w+\) \|\| !has\(self\.\w+\)|!\(has\(self\.\w+\) && has\(self\.\w+\)\)")
ONE_OF_EACH = re.compile(r"!\(has\(t\.(\w+)\) (?:&& t\.\w+ != \"\" )?&& \(has\(t\.(\w+)\) \|\| has\(t\.(\w+)\)\)\)")
# what our lint says of names anyway, and a metric that nobody here uses
LEFT_OUT = ("task name cannot begin with a digit", "metrics cannot be used in real-time gauges")


def translated(crd: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of the objects of a CRD, as people write them: without status."""
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    names = crd["spec"]["names"]
    version = f"{crd['spec']['group']}/{crd['spec']['versions'][0]['name']}"
    properties = {key: value for key, value in schema["properties"].items() if key != "status"}
    made = _schema({**schema, "properties": properties})
    made["properties"].update(apiVersion={"enum": [version]}, kind={"enum": [names["kind"]]}, metadata=METADATA)
    made["required"] = ["apiVersion", "kind", "metadata", "spec"]
    return made


def _schema(node: dict[str, Any]) -> dict[str, Any]:
    made = {key: node[key] for key in KEPT if key in node}
    if node.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    elif "type" in node:
        made["type"] = node["type"]
    if "properties" in node:
        made["properties"] = {key: _schema(value) for key, value in node["properties"].items()}
    if "items" in node:
        made["items"] = _schema(node["items"])
    others = node.get("additionalProperties")
    if isinstance(others, dict):
        made["additionalProperties"] = _schema(others)
    elif node.get("type") == "object" and not node.get("x-kubernetes-preserve-unknown-fields"):
        # what a structural schema does not name is dropped or refused
        made["additionalProperties"] = False
    _add_keys(node, made)
    for rule in node.get("x-kubernetes-validations", ()):
        _add_rule(rule["rule"], rule.get("message", ""), made)
    return made


def _add_keys(node: dict[str, Any], made: dict[str, Any]) -> None:
    """The keys by which items of a list must differ."""
    kind = node.get("x-kubernetes-list-type")
    if kind == "map":
        properties = node["items"]["properties"]
        made["uniqueBy"] = {key: properties[key].get("default") for key in node["x-kubernetes-list-map-keys"]}
    elif kind == "set":
        made["uniqueItems"] = True


def _add_rule(rule: str, message: str, made: dict[str, Any]) -> None:
    """A rule in CEL, of the few forms that Argo uses: fields that exclude each other.

    Raises:
        ValueError: the rule has another form.
    """
    names = re.findall(r"has\((?:self|t)\.(\w+)\)", rule)
    of_items = re.fullmatch(r"self\.all\(t, (.*)\)", rule, re.DOTALL)
    if of_items:
        return _add_rule(of_items[1], message, made["items"])
    if re.sub(r"[\s+]", "", COUNTED.sub("", rule)) == "<=1" or NOT_BOTH.fullmatch(rule):
        groups = [names]
    elif rule.startswith("(has(self.manifest) && !has(self.manifestFrom))"):
        groups = [["manifest", "manifestFrom"]]
    elif match := ONE_OF_EACH.fullmatch(rule):
        groups = [[match[1], match[2]], [match[1], match[3]]]
    elif any(text in message for text in LEFT_OUT):
        groups = []
    else:
        raise ValueError(f"a rule of a form that is new: {rule} ({message})")
    made.setdefault("atMostOneOf", []).extend(groups)
    return None


def schemas(folder: Path) -> dict[str, Any]:
    """The schema of each kind."""
    import yaml

    # the C reader: the files have 3 MB each
    crds = {
        kind: yaml.load((folder / name).read_text("utf-8"), Loader=yaml.CSafeLoader) for kind, name in FILES.items()
    }
    return {kind: translated(crd) for kind, crd in crds.items()}


def main(folder: str) -> None:
    """Write the package's file."""
    SCHEMA.write_bytes(pack(schemas(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1])
