"""Generated sets: writing them, and filtering them with a classifier, in rounds if wanted."""
