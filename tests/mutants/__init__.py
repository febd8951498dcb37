"""Mutants: servers with one fault each, which the gate must find.

A mutant is a function: its name is that of the fault, its docstring says in one sentence what is wrong, and its few
lines cause it. Its decorator names the operation, and the check or scenario that must find it.
"""
