"""What lies on the disk of a training: its folder, checkpoints, records and origin."""
