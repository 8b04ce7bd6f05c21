"""The reading room: where a reader does steps i and vi, normal bone and cleaning, in the browser.

Data flow one way: `store` keeps what readers did, `history` says what of it stands, `pieces` cuts
and removes regions, `reading` puts them together for one case, `export` writes the result. Neither
of them knows of the server or the page.

The server is Tornado, not a notebook shown by Voilà: that would start a kernel for each tab, which
knows nothing of the others, fetch a style sheet from a server elsewhere, and ask for no token
unless told to.
"""
