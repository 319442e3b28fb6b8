"""`weft serve`: an HTTP API over one model folder, and the page that asks it."""
