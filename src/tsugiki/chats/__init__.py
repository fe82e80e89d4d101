"""Chats from question/answer files: read, checked, and split so that no phrasing of a fact crosses."""
