"""The client against servers that fail, over real connections and every transport."""
