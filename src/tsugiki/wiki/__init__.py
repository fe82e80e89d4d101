"""Read wiki pages from dumps, row files and directories of Markdown as one stream of rows."""
