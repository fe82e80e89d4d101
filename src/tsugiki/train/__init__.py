"""Adaptation training: tiny bases, CPT and SFT with exact resume, and merging, each behind gates no run may skip."""
