"""What runs in the background: one loop, and which flow it runs on which due set."""
