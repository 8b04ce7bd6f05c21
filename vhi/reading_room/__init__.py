"""The reading room: a reader draws normal bone (step i) and cleans (step vi) in a browser.

Imports point downward: ``server`` → ``page`` → ``case`` → ``store``. ``store`` keeps readers'
actions, ``case`` replays them on one case, ``page`` turns positions and arrays as shown into those
of the scan and back, ``server`` answers the browser. Nothing here belongs to the method: a rule
that a result depends on is in the library.
"""
