"""A generated wiki of fictional anime works, its questions, and other text: the input of the embedded default."""
