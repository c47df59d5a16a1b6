"""Template tags of the rendering pages."""
