"""One case as it is read: opened, edited, judged, exported. Knows neither server nor page."""
