"""Millrace inside of other engines, each in a module of its own that nothing else imports."""
