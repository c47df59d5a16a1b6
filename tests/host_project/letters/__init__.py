"""What this product is about: people write letters."""
