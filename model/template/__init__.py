"""The unified template: how layouts lie on the parts, and how a new one is placed there."""
