"""Small steps from a camera's words to bounded facts; none of them raises, whatever stands where a word should."""
