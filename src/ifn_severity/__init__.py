"""Predict COVID-19 severity from blood expression, and say which interferon genes say so."""

__version__ = "0.1.0"
