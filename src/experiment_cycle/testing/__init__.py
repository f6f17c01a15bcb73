"""Contract test suites, which a backend of ours and a stranger's passes alike.

Subclass a suite in a test module, override its fixture, and pytest runs it.
"""
