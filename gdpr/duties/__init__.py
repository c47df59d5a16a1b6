"""What the law asks beyond handing over and erasing: consent, requests with their clock, breaches."""
