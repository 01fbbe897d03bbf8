"""Series of the Gene Expression Omnibus (GEO): addresses, series matrix, labels, expression."""
