"""Updates: their tree, how it is built, and what they make of a document."""
