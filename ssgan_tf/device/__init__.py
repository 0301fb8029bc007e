"""What runs on the device: batches, precision, replicas and updates."""
