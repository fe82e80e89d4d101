"""Answers from a model: prompts in, samples out, by one of two engines, resumable at any moment."""
