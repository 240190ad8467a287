"""Side by side with what people would use instead: ratios, measured in one run on one throw-away host."""
