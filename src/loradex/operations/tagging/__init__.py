"""Tags that rules and plugins give models, from all the evidence there is."""
