"""Write the Argo manifest of every recipe to workflows/rendered; sources that only a user has are stand-ins."""

from __future__ import annotations

from pathlib import Path

from jobs.import_dump import FILES
from tsugiki.argo import to_yaml
from tsugiki.cluster.order import make_order
from tsugiki.recipe import recipe_workflow

RECIPES = Path("workflows", "recipes")
RENDERED = Path("workflows", "rendered")
PROFILE = "dev"
STAND_INS = {
    "[import_pages]": f"import_pages.source=s3://sources/pages.xml.bz2#sha256:{'0' * 64}",
    "[crawl_wiki]": "crawl_wiki.contact=https://operator.invalid/contact",
    "[import_chats]": f"import_chats.source=s3://sources/chats.jsonl#sha256:{'0' * 64}",
    "[import_model]": f"import_model.revision={'0' * 40}",
    "[checkpoints]": f"checkpoints.cpt_sft=checkpoint/train_sft-{'0' * 16}",
}


def stand_ins(recipe: str) -> list[str]:
    """Settings for what the text of a recipe leaves to its user."""
    tables = {line.split("#")[0].strip() for line in recipe.splitlines()}
    files = FILES if "[import_dump]" in tables else ()
    return [setting for table, setting in STAND_INS.items() if table in tables] + [
        f"import_dump.{name}=s3://sources/{name}#sha256:{'0' * 64}" for name in files
    ]


def rendered() -> dict[str, str]:
    """The YAML of every recipe, by file name."""
    found = {}
    for path in sorted(RECIPES.glob("*.toml")):
        settings = stand_ins(path.read_text(encoding="utf-8"))
        workflow = recipe_workflow(str(path))
        order = make_order(workflow, str(path), PROFILE, settings)
        found[f"{workflow}-{path.stem}.yaml"] = to_yaml(order.manifest())
    return found


def main() -> None:
    """Replace the folder's files."""
    RENDERED.mkdir(exist_ok=True)
    for stale in RENDERED.glob("*.yaml"):
        stale.unlink()
    for name, text in rendered().items():
        (RENDERED / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
