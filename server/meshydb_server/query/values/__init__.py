"""Values: their types, how they compare, and the paths that lead to them."""
