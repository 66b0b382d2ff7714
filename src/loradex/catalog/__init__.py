"""The catalog: one SQLite database, two doors.

SQLModel owns the tables, the migrations and every edit (`tables`, `engine`, the `*_store` modules).
Lists, search and the rescan comparison go through read-only `sqlite3` connections (`reader`), which
start fifty times faster than SQLAlchemy. `Catalog` stands before both and gives frozen dataclasses.
"""
