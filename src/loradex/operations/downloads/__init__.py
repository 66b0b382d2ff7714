"""Downloads: a plan of what is fetched and where it goes, one queue, and how a file lands."""
