"""The interfaces: command line, HTTP and MCP, over one engine."""
