"""What comes with the package: trains, pages, codes."""
