"""The page's tabs: each module makes one, its widgets and what they call."""
