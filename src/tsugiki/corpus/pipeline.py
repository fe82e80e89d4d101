"""The rules for each markup, in the order in which they apply."""

from tsugiki.corpus import (
    elements,
    gridtable,
    html,
    htmlpage,
    htmltable,
    links,
    lists,
    markdown_blocks,
    markdown_footnotes,
    markdown_inline,
    markdown_raw,
    markdown_strays,
    scan,
    sections,
    simpletable,
    wikitable,
    wikitext,
)
from tsugiki.corpus.config import Output
from tsugiki.corpus.layout import lay_out_markdown, lay_out_text
from tsugiki.corpus.marks import Rule, sanitise, show
from tsugiki.corpus.plain import keep_written_calls, keep_written_pairs
from tsugiki.rows import Markup

_WIKITEXT: tuple[Rule, ...] = (
    sanitise,
    keep_written_pairs,
    elements.remove_elements,
    sections.mark_wikitext_headings,
    sections.drop_sections,
    links.render_simple_links,
    scan.render_brackets,
    links.render_external_links,
    html.render_ruby,
    htmltable.render_html_tables,
    html.render_breaks,
    wikitable.render_wikitables,
    lists.mark_wikitext_lists,
    lists.join_lone_dashes,
    wikitext.strip_quotes,
    wikitext.remove_switches,
    wikitext.remove_unmatched,
    html.strip_tags,
    html.unescape_entities,
    lists.strip_bullets,
    lists.drop_empty_items,
    sections.drop_empty_sections,
    show,
)

_MARKDOWN: tuple[Rule, ...] = (
    sanitise,
    keep_written_calls,
    gridtable.render_grid_tables,
    simpletable.render_simple_tables,
    markdown_footnotes.remove_marked_footnotes,
    markdown_footnotes.remove_numbered_footnotes,
    markdown_footnotes.remove_bare_footnotes,
    markdown_raw.render_raw,
    markdown_raw.render_code,
    markdown_strays.remove_strays,
    markdown_inline.hide_escapes,
    elements.remove_elements,
    markdown_inline.remove_html_links,
    htmltable.render_html_tables,
    markdown_blocks.render_pipe_tables,
    markdown_blocks.mark_setext_headings,
    sections.mark_markdown_headings,
    sections.drop_sections,
    markdown_blocks.mark_lists,
    lists.join_lone_dashes,
    markdown_inline.render_links,
    markdown_inline.remove_link_residues,
    links.render_simple_links,
    scan.render_brackets,
    wikitext.remove_unmatched,
    markdown_inline.strip_emphasis,
    wikitext.strip_quotes,
    html.render_ruby,
    html.render_breaks,
    html.strip_tags,
    html.unescape_entities,
    html.unescape_doubled,
    lists.strip_bullets,
    lists.drop_empty_items,
    sections.drop_empty_sections,
    show,
)

_HTML: tuple[Rule, ...] = (
    sanitise,
    keep_written_pairs,
    htmlpage.read_html,
    sections.drop_sections,
    lists.strip_bullets,
    lists.drop_empty_items,
    sections.drop_empty_sections,
    show,
)

RULES: dict[Markup, tuple[Rule, ...]] = {
    "wikitext": _WIKITEXT,
    "markdown": _MARKDOWN,
    "html": _HTML,
    "text": (sanitise, keep_written_pairs),
}
"""From markup to plain text with marks for headings, items and rows."""

LAYOUT: dict[Output, Rule] = {"text": lay_out_text, "markdown": lay_out_markdown}
"""From marks to lines; the rules on plain text itself (`plain.finish_plain`) follow in every case."""
