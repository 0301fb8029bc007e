"""What predictions for test images tell: scores, intervals, findings and their words, no files."""
