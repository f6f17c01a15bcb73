"""Where the challenger fails."""
