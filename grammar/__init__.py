"""The query language as data: the grammar, the parts and the layouts."""
