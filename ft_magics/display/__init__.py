"""Events and reports → widgets, or static HTML and text where no widget can live."""
