"""Judging short answers against their references, with intervals and paired differences between arms."""
