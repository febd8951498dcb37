"""The gate bites: servers with one fault each, every one of which it must find.

A fault is a function: its name is that of the mutant, its docstring says in one sentence what is wrong, and its few
lines do it. Above it stands which operation and which check of the gate are to find it.
"""
