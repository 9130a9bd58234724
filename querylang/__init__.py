"""The query language: from an instruction to landmark queries."""
