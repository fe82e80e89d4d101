"""One file is one stage is one container command."""
