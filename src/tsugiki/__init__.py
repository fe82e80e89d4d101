"""tsugiki grafts a domain onto an open LLM, one cached and resumable stage at a time."""
