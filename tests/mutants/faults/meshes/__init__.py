"""Faults in meshes: in documents, and in who may see and change them."""
