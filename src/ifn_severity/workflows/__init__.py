"""Workflows: the order of the steps. Each step knows how it works; these only call them."""
