"""Steps of an explanation: load, hold out, refit, compare, put together."""
