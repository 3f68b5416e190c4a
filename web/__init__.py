"""What people and programs meet: the page with its three tabs, and the server around it."""
