"""The language of meshes."""
