"""What happens to speech before the model hears it: background, rooms, lines, warps and masks."""
