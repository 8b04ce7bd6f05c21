"""One case: opened, edited, judged and exported. Knows the library and the store, not the page."""
