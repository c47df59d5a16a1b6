"""Tests of how Cutroom is deployed: entry points, image, manifests, many machines, documents."""
