"""The server and its session. The other folders of the reading room do not import it."""
