"""Clean wiki pages into training text without losing the facts in them."""
