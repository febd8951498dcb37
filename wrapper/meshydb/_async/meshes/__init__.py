"""The documents of meshes, plain and as instances of classes."""
