"""Evaluation on annotated faces."""
