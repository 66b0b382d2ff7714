"""What the library proposes and a person has to decide: tags, matches, and what is new."""
