"""Work in other processes: started, watched, put into words, and told of at its end."""
