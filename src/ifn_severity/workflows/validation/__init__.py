"""The parts of ``validate``: fits, tables, what interferon adds, controls, and the record."""
