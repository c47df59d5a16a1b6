"""Scripts to videos: projects, scenes, the render engine and what pixels and sound are made of."""
