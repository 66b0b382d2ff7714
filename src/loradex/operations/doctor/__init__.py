"""A check-up of libraries, files and the catalog: one small module a check, all in one table."""
