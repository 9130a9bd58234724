"""The datasets' own files, each format in a file of its own; `catalogue` joins them by a TOML file."""
