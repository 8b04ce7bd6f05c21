"""How much a result depends on where normal bone was drawn."""
