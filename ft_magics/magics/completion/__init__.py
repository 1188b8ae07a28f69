"""What Tab proposes, and Shift+Tab shows: keys and values in a cell's body, flags and names on a magic's line."""
