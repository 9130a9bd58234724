"""The doors: command line, and later HTTP and MCP, over one engine."""
