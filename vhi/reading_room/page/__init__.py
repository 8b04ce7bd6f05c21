"""The content of the page and the actions that it sends; its own files. Knows no server."""
