"""HTML pages of the rendering app. Each view is one service call and one template."""
