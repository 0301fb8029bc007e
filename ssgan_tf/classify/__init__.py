"""Does augmentation help a classifier? Scores, and what a few seeds say about a difference."""
