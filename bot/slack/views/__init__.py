"""Views: the Home tab, and modals."""
