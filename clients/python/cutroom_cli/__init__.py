"""The command line of Cutroom, on the generated client."""
