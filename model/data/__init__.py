"""Annotated faces: packs, curve targets and augmentation."""
