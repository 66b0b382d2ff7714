"""The plugins that come with loradex; each is an example of one seam."""
