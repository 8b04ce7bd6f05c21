"""The web server of `vhi open`: who may ask, which session answers, what an error says."""
